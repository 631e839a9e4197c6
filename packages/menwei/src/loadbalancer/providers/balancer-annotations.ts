/** What a Service's annotations say about the load balancer outside of the cluster (docs/annotations.md). */
import { quote } from '../../kubernetes/decode-text.ts';
import type { Backends, ClientAddress, HealthCheck, Probe } from './provider.ts';

export const BALANCER_ANNOTATIONS = {
  backends: 'menwei.dev/backends',
  proxyProtocol: 'menwei.dev/proxy-protocol',
  healthCheck: 'menwei.dev/health-check',
} as const;

/** How a Service wants to be asked for its health; the port may have a name, which only its endpoints resolve. */
interface WantedCheck extends Omit<HealthCheck, 'probe'> {
  readonly probe: Probe;
  /** The name of a port of the Service that is asked instead; empty: none. */
  readonly portName: string;
}

export interface BalancerAnnotations {
  /** Undefined: as the load balancer does it unless told otherwise. */
  readonly backends: Backends | undefined;
  readonly clientAddress: ClientAddress;
  /** Undefined: nothing is said. */
  readonly healthCheck: WantedCheck | undefined;
}

/** `annotation menwei.dev/backends: "podz" is none of nodes, pods` */
type Unreadable = string;

const BACKENDS: readonly Backends[] = ['nodes', 'pods'];
const PROXY_PROTOCOLS: ReadonlyMap<string, ClientAddress> = new Map([
  ['v1', 'proxy-v1'],
  ['v2', 'proxy-v2'],
]);

export const DEFAULT_TIMING: Omit<HealthCheck, 'probe'> = {
  intervalMs: 2_000,
  timeoutMs: 1_000,
  fall: 3,
  rise: 2,
};
const INTERVAL = { leastMs: 250, mostMs: 300_000 };
const MOST_IN_A_ROW = 10;
const MAX_PORT = 65_535;
const KINDS = ['tcp', 'http', 'none'];
const DURATION = /^(\d{1,6})(ms|s|m)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;
/** What a path and a query may consist of (RFC 3986). */
const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]{0,255}$/;
const HOST = /^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/;

export function readBalancerAnnotations(
  annotations: ReadonlyMap<string, string>,
): BalancerAnnotations | Unreadable {
  const textOf = (name: string) => annotations.get(name)?.trim() ?? '';
  const backends = readBackends(textOf(BALANCER_ANNOTATIONS.backends));
  if (backends === 'unreadable') return refuse(BALANCER_ANNOTATIONS.backends, annotations, BACKENDS);
  const clientAddress = readClientAddress(textOf(BALANCER_ANNOTATIONS.proxyProtocol));
  if (clientAddress === undefined)
    return refuse(BALANCER_ANNOTATIONS.proxyProtocol, annotations, [...PROXY_PROTOCOLS.keys()]);
  const healthCheck = readHealthCheck(textOf(BALANCER_ANNOTATIONS.healthCheck));
  if (typeof healthCheck === 'string')
    return `annotation ${BALANCER_ANNOTATIONS.healthCheck}: ${healthCheck}`;
  return { backends, clientAddress, healthCheck };
}

function refuse(
  name: string,
  annotations: ReadonlyMap<string, string>,
  allowed: readonly string[],
): Unreadable {
  return `annotation ${name}: ${quote(annotations.get(name) ?? '')} is none of ${allowed.join(', ')}`;
}

function readBackends(text: string): Backends | undefined | 'unreadable' {
  return text === '' ? undefined : (BACKENDS.find((one) => one === text) ?? 'unreadable');
}

function readClientAddress(text: string): ClientAddress | undefined {
  return text === '' ? 'snat' : PROXY_PROTOCOLS.get(text);
}

/** `http path=/healthz port=8081 expect=200-299 interval=2s timeout=1s fall=3 rise=2`; a text says what is wrong. */
function readHealthCheck(text: string): WantedCheck | undefined | Unreadable {
  if (text === '') return undefined;
  const [kind = '', ...settings] = text.split(/\s+/);
  if (!KINDS.includes(kind)) return `${quote(kind)} is none of ${KINDS.join(', ')}`;
  const check = new CheckReader(kind);
  for (const setting of settings) {
    const problem = check.take(setting);
    if (problem !== undefined) return problem;
  }
  return check.finish();
}

class CheckReader {
  readonly #kind: string;
  readonly #seen = new Set<string>();
  #timing = DEFAULT_TIMING;
  #port: number | undefined;
  #portName = '';
  #path = '/';
  #host = '';
  #expect = { first: 200, last: 399 };

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** Returns what is wrong with it. */
  take(setting: string): Unreadable | undefined {
    const at = setting.indexOf('=');
    const key = at < 0 ? setting : setting.slice(0, at);
    const value = at < 0 ? '' : setting.slice(at + 1);
    if (this.#seen.has(key)) return `${key} is there twice`;
    this.#seen.add(key);
    return this.#read(key, value);
  }

  finish(): WantedCheck | Unreadable {
    const { intervalMs } = this.#timing;
    const timeoutMs = this.#seen.has('timeout')
      ? this.#timing.timeoutMs
      : Math.min(this.#timing.timeoutMs, intervalMs);
    if (timeoutMs > intervalMs)
      return `timeout: ${timeoutMs} ms is longer than the interval of ${intervalMs} ms`;
    return { ...this.#timing, timeoutMs, probe: this.#probe(), portName: this.#portName };
  }

  #probe(): Probe {
    if (this.#kind === 'none') return { kind: 'none' };
    const port = this.#port;
    if (this.#kind === 'tcp') return { kind: 'tcp', port };
    return { kind: 'http', port, path: this.#path, host: this.#host, expect: this.#expect };
  }

  #read(key: string, value: string): Unreadable | undefined {
    switch (key) {
      case 'interval':
      case 'timeout':
        return this.#readDuration(key, value);
      case 'fall':
      case 'rise':
        return this.#readCount(key, value);
      case 'port':
        return this.#readPort(value);
      case 'path':
      case 'host':
      case 'expect':
        return this.#kind === 'http' ? this.#readHttp(key, value) : `${key} is for http alone`;
      default:
        return `${quote(key)} is none of interval, timeout, fall, rise, port, path, host, expect`;
    }
  }

  #readDuration(key: 'interval' | 'timeout', value: string): Unreadable | undefined {
    const [, number, unit = ''] = DURATION.exec(value) ?? [];
    const ms = Number(number) * (UNIT_MS[unit] ?? Number.NaN);
    const leastMs = key === 'interval' ? INTERVAL.leastMs : 1;
    if (!(ms >= leastMs && ms <= INTERVAL.mostMs))
      return `${key}: ${quote(value)} is no duration between ${leastMs}ms and 5m`;
    this.#timing = { ...this.#timing, [`${key}Ms`]: ms };
    return undefined;
  }

  #readCount(key: 'fall' | 'rise', value: string): Unreadable | undefined {
    const count = readNumber(value, 1, MOST_IN_A_ROW);
    if (count === undefined) return `${key}: ${quote(value)} is outside 1-${MOST_IN_A_ROW}`;
    this.#timing = { ...this.#timing, [key]: count };
    return undefined;
  }

  #readPort(value: string): Unreadable | undefined {
    this.#port = readNumber(value, 1, MAX_PORT);
    if (this.#port !== undefined) return undefined;
    if (!PORT_NAME.test(value)) return `port: ${quote(value)} is neither 1-${MAX_PORT} nor a port's name`;
    this.#portName = value;
    return undefined;
  }

  #readHttp(key: 'path' | 'host' | 'expect', value: string): Unreadable | undefined {
    if (key === 'path') {
      if (!PATH.test(value)) return `path: ${quote(value)} is no path such as /healthz`;
      this.#path = value;
    } else if (key === 'host') {
      if (!HOST.test(value)) return `host: ${quote(value)} is no host name`;
      this.#host = value;
    } else {
      const [from = '', to = from, ...more] = value.split('-');
      const [first, last] = [readNumber(from, 100, 599), readNumber(to, 100, 599)];
      if (first === undefined || last === undefined || first > last || more.length > 0)
        return `expect: ${quote(value)} is no status code nor a range such as 200-299`;
      this.#expect = { first, last };
    }
    return undefined;
  }
}

function readNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}

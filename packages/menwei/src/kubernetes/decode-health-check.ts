/** How an annotation says that the endpoints of a Service are to be checked (health § 2). */
import { readAnnotation } from './decode-annotation.ts';
import { isDnsLabel, isDnsSubdomain } from './decode-names.ts';
import { MAX_PORT, type ObjectReader } from './decode-reader.ts';
import { quote } from './decode-text.ts';
import type { HealthCheck, HealthCheckWish, HealthProbe, StatusRange } from './health-check.ts';
import { ANNOTATIONS, annotationField } from './objects.ts';

type Kind = HealthProbe['kind'];

const KINDS: readonly Kind[] = ['tcp', 'http', 'https', 'grpc', 'dns', 'udp'];
const NONE = 'none';
const DEFAULTS = { intervalMs: 2_000, timeoutMs: 1_000, fastMs: 500, fall: 3, rise: 2, panicPercent: 50 };
const INTERVAL = { leastMs: 250, mostMs: 300_000 };
const LEAST_FAST_MS = 100;
const MOST_IN_A_ROW = 10;
const MOST_BYTES = 512;
const DURATION = /^(\d{1,6})(ms|s|m)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const PORT_NAME = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;
/** What a path and a query may consist of (RFC 3986). */
const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]{0,255}$/;
const HOST = /^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/;
const GRPC_SERVICE = /^[A-Za-z0-9_.\-/]{1,253}$/;
const BYTES = /^hex:((?:[0-9A-Fa-f]{2})+)$/;

const COMMON_KEYS = [
  'port',
  'interval',
  'timeout',
  'fast',
  'fall',
  'rise',
  'initial',
  'panic',
  'on-down',
  'dns',
] as const;
const KEYS_OF_KIND: Readonly<Record<Kind, readonly string[]>> = {
  tcp: [],
  http: ['path', 'host', 'expect'],
  https: ['path', 'host', 'expect'],
  grpc: ['service'],
  dns: ['name'],
  udp: ['send', 'expect'],
};

/** Undefined: the Service says nothing. What can't be read is told, and is no wish to be checked. */
export function readHealthCheck(reader: ObjectReader, annotations: unknown): HealthCheckWish | undefined {
  const text = readAnnotation(reader, annotations, ANNOTATIONS.healthCheck) ?? '';
  if (text === '') return undefined;
  const wish = parseHealthCheck(text);
  if (wish !== NONE && 'mistake' in wish)
    reader.note(annotationField(ANNOTATIONS.healthCheck), `${wish.mistake}; the endpoints are not checked`);
  return wish;
}

/** `http path=/healthz port=8081 expect=200-299 interval=2s timeout=1s fall=3 rise=2`; a mistake names the key. */
export function parseHealthCheck(text: string): HealthCheckWish {
  const [first = '', ...settings] = text.trim().split(/\s+/);
  if (first === NONE) return settings.length === 0 ? NONE : { mistake: `${NONE} goes with no key` };
  const kind = KINDS.find((one) => one === first);
  if (kind === undefined) return { mistake: `${quote(first)} is none of ${[...KINDS, NONE].join(', ')}` };
  try {
    return new SettingReader(kind, settings).check();
  } catch (error) {
    if (error instanceof Mistake) return { mistake: error.message };
    throw error;
  }
}

class Mistake extends Error {}

class SettingReader {
  readonly #kind: Kind;
  readonly #values = new Map<string, string>();

  constructor(kind: Kind, settings: readonly string[]) {
    this.#kind = kind;
    for (const setting of settings) this.#take(setting);
  }

  check(): HealthCheck {
    const intervalMs = this.#duration('interval', INTERVAL.leastMs) ?? DEFAULTS.intervalMs;
    return {
      probe: this.#probe(),
      port: this.#read('port', parsePort, `neither 1-${MAX_PORT} nor a port's name`),
      intervalMs,
      timeoutMs: this.#atMost('timeout', 1, intervalMs, DEFAULTS.timeoutMs),
      fastMs: this.#atMost('fast', LEAST_FAST_MS, intervalMs, DEFAULTS.fastMs),
      fall: this.#number('fall', 1, MOST_IN_A_ROW) ?? DEFAULTS.fall,
      rise: this.#number('rise', 1, MOST_IN_A_ROW) ?? DEFAULTS.rise,
      initial: this.#choice('initial', ['up', 'down']),
      panicPercent: this.#number('panic', 0, 100) ?? DEFAULTS.panicPercent,
      onDown: this.#choice('on-down', ['drain', 'reset']),
      dns: this.#choice('dns', ['no', 'yes']) === 'yes',
    };
  }

  #take(setting: string): void {
    const at = setting.indexOf('=');
    const key = at < 0 ? setting : setting.slice(0, at);
    const known: readonly string[] = [...COMMON_KEYS, ...KEYS_OF_KIND[this.#kind]];
    if (!known.includes(key)) throw new Mistake(unknownKey(key, this.#kind, known));
    if (this.#values.has(key)) throw new Mistake(`${key} is there twice`);
    this.#values.set(key, at < 0 ? '' : setting.slice(at + 1));
  }

  #probe(): HealthProbe {
    const kind = this.#kind;
    switch (kind) {
      case 'tcp':
        return { kind };
      case 'http':
      case 'https':
        return {
          kind,
          path: this.#matching('path', PATH, 'no path such as /healthz') ?? '/',
          host: this.#matching('host', HOST, 'no host name') ?? '',
          expect: this.#read('expect', parseStatusRange, 'no status code nor a range such as 200-299') ?? {
            first: 200,
            last: 399,
          },
        };
      case 'grpc':
        return { kind, service: this.#matching('service', GRPC_SERVICE, 'no name of a service') ?? '' };
      case 'dns':
        return { kind, name: this.#needed('name', parseDnsName, 'no DNS name such as example.org') };
      case 'udp': {
        const bytes = `not hex: and at most ${MOST_BYTES} bytes such as hex:00ff`;
        return {
          kind,
          send: this.#needed('send', parseBytes, bytes),
          expect: this.#read('expect', parseBytes, bytes),
        };
      }
    }
  }

  #read<T>(key: string, parse: (text: string) => T | undefined, complaint: string): T | undefined {
    const text = this.#values.get(key);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) throw new Mistake(`${key}: ${quote(text)} is ${complaint}`);
    return value;
  }

  #needed<T>(key: string, parse: (text: string) => T | undefined, complaint: string): T {
    const value = this.#read(key, parse, complaint);
    if (value === undefined) throw new Mistake(`${key}: ${this.#kind} needs it`);
    return value;
  }

  #matching(key: string, pattern: RegExp, complaint: string): string | undefined {
    return this.#read(key, (text) => (pattern.test(text) ? text : undefined), complaint);
  }

  #number(key: string, least: number, most: number): number | undefined {
    return this.#read(key, (text) => parseNumber(text, least, most), `outside ${least}-${most}`);
  }

  #duration(key: string, leastMs: number): number | undefined {
    const parse = (text: string) => parseDuration(text, leastMs);
    return this.#read(key, parse, `no duration between ${leastMs}ms and 5m`);
  }

  #atMost(key: string, leastMs: number, intervalMs: number, defaultMs: number): number {
    const ms = this.#duration(key, leastMs) ?? Math.min(defaultMs, intervalMs);
    if (ms > intervalMs)
      throw new Mistake(`${key}: ${ms} ms is longer than the interval of ${intervalMs} ms`);
    return ms;
  }

  /** The first one where nothing is said. */
  #choice<Choice extends string>(key: string, choices: readonly [Choice, ...Choice[]]): Choice {
    const parse = (text: string) => choices.find((choice) => choice === text);
    return this.#read(key, parse, `none of ${choices.join(', ')}`) ?? choices[0];
  }
}

function unknownKey(key: string, kind: Kind, known: readonly string[]): string {
  const others = KINDS.filter((each) => KEYS_OF_KIND[each].includes(key));
  if (others.length > 0) return `${key} is for ${others.join(' and ')} alone`;
  return `${quote(key)} is none of ${known.join(', ')} (${kind})`;
}

function parsePort(text: string): HealthCheck['port'] {
  return parseNumber(text, 1, MAX_PORT) ?? (PORT_NAME.test(text) ? { name: text } : undefined);
}

function parseStatusRange(text: string): StatusRange | undefined {
  const [from = '', to = from, ...more] = text.split('-');
  const [first, last] = [parseNumber(from, 100, 599), parseNumber(to, 100, 599)];
  if (first === undefined || last === undefined || first > last || more.length > 0) return undefined;
  return { first, last };
}

function parseDnsName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  // Kubernetes has no limit for the labels of a subdomain, a message of DNS has.
  return isDnsSubdomain(name) && name.split('.').every(isDnsLabel) ? name : undefined;
}

function parseBytes(text: string): Uint8Array | undefined {
  const hex = BYTES.exec(text)?.[1];
  return hex === undefined || hex.length > 2 * MOST_BYTES
    ? undefined
    : Uint8Array.from(Buffer.from(hex, 'hex'));
}

function parseDuration(text: string, leastMs: number): number | undefined {
  const [, number, unit = ''] = DURATION.exec(text) ?? [];
  const ms = Number(number) * (UNIT_MS[unit] ?? Number.NaN);
  return ms >= leastMs && ms <= INTERVAL.mostMs ? ms : undefined;
}

function parseNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}

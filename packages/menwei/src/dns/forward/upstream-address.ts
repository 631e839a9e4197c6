/** Where an upstream is, as flags, a Corefile and resolv.conf say it. */
import { isLoopback, isWildcard, parseHostPort, parseIp } from '@menwei/addresses/ip.ts';

export interface UpstreamAddress {
  /** Canonical. */
  readonly ip: string;
  /** The interface of a link-local address (RFC 4007 § 11). */
  readonly scope?: string;
  readonly port: number;
}

const DNS_PORT = 53;
const SCOPED = /^([^%]+)%([\w.-]{1,15})$/;
/** Of CoreDNS: `dns://10.0.0.5`. */
const SCHEME = /^([a-z]+):\/\//;

/** Of `10.0.0.5`, `10.0.0.5:5353`, `fd00::5`, `[fd00::5]:5353`, `fe80::1%eth0`, `dns://10.0.0.5`; text: what is wrong with it. */
export function parseUpstream(text: string): UpstreamAddress | string {
  const scheme = SCHEME.exec(text)?.[1];
  if (scheme !== undefined && scheme !== 'dns') {
    return `${JSON.stringify(text)}: ${scheme}:// is not supported; upstreams are asked by plain DNS`;
  }
  const place = text.replace(SCHEME, '');
  const [, address = place, scope] = SCOPED.exec(place) ?? [];
  const ip = parseIp(address);
  const at = ip === undefined ? parseHostPort(place) : { ip, port: DNS_PORT };
  if (at === undefined || at.port === 0) {
    return `${JSON.stringify(text)} is not an IP address, with or without a port`;
  }
  if (isWildcard(at.ip)) return `${JSON.stringify(text)} is no address of a server`;
  return { ...at, ...(scope === undefined ? {} : { scope }) };
}

/** As logs and metrics have it: `10.0.0.5:53`. */
export function formatUpstream({ ip, scope, port }: UpstreamAddress): string {
  const address = scope === undefined ? ip : `${ip}%${scope}`;
  return ip.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** An address of our own, where questions are answered. */
export interface OwnAddress {
  /** Canonical; a wildcard: all addresses of the machine. */
  readonly ip: string;
  readonly port: number;
}

/**
 * Whether an upstream is ourselves: what is sent to it would come back for ever.
 *
 * @param machine the addresses of the machine, canonical
 */
export function isOurselves(
  upstream: UpstreamAddress,
  own: readonly OwnAddress[],
  machine: readonly string[],
): boolean {
  const { ip, port } = upstream;
  const isOnMachine = isLoopback(ip) || machine.includes(ip);
  return own.some(
    (address) => address.port === port && (address.ip === ip || (isWildcard(address.ip) && isOnMachine)),
  );
}

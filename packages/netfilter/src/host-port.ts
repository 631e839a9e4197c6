/** Addresses with ports, as all the tools print them when they are told to print numbers. */
import { parseIp } from '@menwei/addresses/ip.ts';

const HOST_PORT = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;
const MAX_PORT = 0xffff;

export interface HostPort {
  /** Canonical. */
  readonly ip: string;
  readonly port: number;
}

/** Of `10.0.0.1:80` or `[fd00::1]:80`; undefined for any other text, as one with names in it. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, ipv6, ipv4, portText] = HOST_PORT.exec(text) ?? [];
  const ip = parseIp(ipv6 ?? ipv4 ?? '');
  const port = parseNumber(portText ?? '', MAX_PORT);
  return ip === undefined || port === undefined ? undefined : { ip, port };
}

/** A whole number in decimal digits, not above a bound; undefined for any other text. */
export function parseNumber(text: string, most: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  return value === undefined || value > most ? undefined : value;
}

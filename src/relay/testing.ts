/** Relays for tests. */
import { formatHostPort } from '../addresses/ip.ts';
import type { Relay, RelayEndpoint } from './contract.ts';

export function aRelayEndpoint(ip: string, port: number): RelayEndpoint {
  return { ip, port, text: formatHostPort(ip, port) };
}

/** A TCP relay with one listener on 127.0.0.1 and no affinity; the endpoints are usable unless given. */
export function aRelay(
  port: number,
  endpoints: readonly RelayEndpoint[],
  changes: Partial<Relay> = {},
): Relay {
  return {
    key: 'IPv4 default/web:http/TCP',
    name: 'default/web:http',
    family: 'IPv4',
    protocol: 'TCP',
    listeners: [{ ip: '127.0.0.1', port, endpoints }],
    usable: endpoints.map(({ text }) => text),
    affinityMs: 0,
    ...changes,
  };
}

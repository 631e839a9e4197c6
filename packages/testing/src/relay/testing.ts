/** Relays for tests. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { Relay, RelayContext, RelayEndpoint, RelayEvent, RelayLimits } from 'menwei/relay/contract.ts';

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

/** No test takes as long. */
export const UNREACHED_LIMITS: RelayLimits = {
  drainMs: 60_000,
  idleMs: 60_000,
  halfClosedMs: 60_000,
  udpStreamMs: 60_000,
  udpUnansweredMs: 60_000,
  udpAnsweredMs: 60_000,
};

/** Until nothing else is said: limits that no test reaches, as many descriptors as wanted, and one thread. */
export function aRelayContext(
  changes: Partial<Omit<RelayContext, 'limits'>> & { limits?: Partial<RelayLimits> } = {},
): {
  readonly context: RelayContext;
  /** All that was reported so far. */
  readonly events: readonly RelayEvent[];
} {
  const events: RelayEvent[] = [];
  const limits = { ...UNREACHED_LIMITS, ...changes.limits };
  const context: RelayContext = {
    descriptors: { take: () => true, give: () => undefined },
    report: (event) => events.push(event),
    random: Math.random,
    sharesPorts: false,
    ...changes,
    limits,
  };
  return { context, events };
}

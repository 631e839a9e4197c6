/**
 * Which conntrack entries are looked after, and which service ports have such.
 *
 * - `lasting`: all of UDP and SCTP. A client that keeps its source port goes on to an endpoint that is gone.
 * - `unreplied`: those of TCP connections that nobody has answered yet. A client that is connecting sends its SYN again and
 *   again, and the entry leads all of them to the endpoint of the first (health § 6). A connection that is established ends
 *   by itself when its endpoint is gone.
 * - `reset`: those of TCP connections to endpoints that checks have found to be down, where the Service asks for it. Without
 *   its entry the next packet of the client counts as the first one of a connection to another endpoint, which resets it.
 */
import type { ServicePort } from '../state/service-port.ts';

export type EntryKind = 'lasting' | 'unreplied' | 'reset';

/** Which entries somebody looks after. */
export interface LookedAfter {
  readonly kind: EntryKind;
  /** Those of SCTP are left alone, too: IPVS moves its connections by itself. */
  readonly leavesSctp?: boolean;
}

export function hasEntries(
  { kind, leavesSctp = false }: LookedAfter,
  { protocol, health }: ServicePort,
): boolean {
  switch (kind) {
    case 'lasting':
      return protocol === 'UDP' || (protocol === 'SCTP' && !leavesSctp);
    case 'unreplied':
      return protocol === 'TCP';
    case 'reset':
      return protocol === 'TCP' && health?.check.onDown === 'reset';
  }
}

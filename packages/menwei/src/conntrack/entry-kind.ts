/**
 * Which conntrack entries are looked after, and which service ports have such.
 *
 * - `lasting`: all of UDP and SCTP. A client that keeps its source port goes on to an endpoint that is gone.
 * - `unreplied`: those of TCP connections that nobody has answered yet. A client that is connecting sends its SYN again and
 *   again, and the entry leads all of them to the endpoint of the first (health § 6). A connection that is established ends
 *   by itself when its endpoint is gone.
 */
import type { ServicePort } from '../state/service-port.ts';

export type EntryKind = 'lasting' | 'unreplied';

export function hasEntries(kind: EntryKind, { protocol }: ServicePort): boolean {
  return (protocol === 'TCP') === (kind === 'unreplied');
}

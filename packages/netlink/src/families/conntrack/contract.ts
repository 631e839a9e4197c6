/** Conntrack entries: what the kernel's connection tracking remembers of connections. */
import type { TransportProtocol } from '../../protocol.ts';

/** An address and a port, of one end of a connection. */
export interface ConntrackAddress {
  /** Canonical text. */
  readonly ip: string;
  readonly port: number;
}

/** What matters of what the kernel remembers of packets that belong together, both ways. */
export interface ConntrackEntry {
  readonly protocol: TransportProtocol;
  /** Where the first packet was sent, before its destination was translated. */
  readonly destination: ConntrackAddress;
  /** Who answers: where the packets go. Differs from the destination if that was translated. */
  readonly replySource: ConntrackAddress;
  /** Nobody has answered yet; of TCP: it is still being connected (SYN_SENT). Absent: somebody has. */
  readonly isUnreplied?: boolean;
}

/** An entry, and who sent the first packet. */
export interface SourcedConntrackEntry extends ConntrackEntry {
  readonly source: ConntrackAddress;
}

/** Whether address and port are the same. */
export function isSameAddress(a: ConntrackAddress, b: ConntrackAddress): boolean {
  return a.port === b.port && a.ip === b.ip;
}

/** Flows as the kernel's connection tracking knows them. */

/** Protocols with ports that Services can have. */
export type FlowProtocol = 'TCP' | 'UDP' | 'SCTP';

export interface FlowEnd {
  /** Canonical text. */
  readonly ip: string;
  readonly port: number;
}

/** What matters of what the kernel remembers of packets that belong together, both ways. */
export interface Flow {
  readonly protocol: FlowProtocol;
  /** Where the first packet was sent, before its destination was translated. */
  readonly destination: FlowEnd;
  /** Who answers: where the packets go. Differs from the destination if that was translated. */
  readonly replySource: FlowEnd;
}

export function isSameEnd(a: FlowEnd, b: FlowEnd): boolean {
  return a.port === b.port && a.ip === b.ip;
}

/** Flows as the kernel's connection tracking knows them, and how to say which of them are meant. */
import { formatHostPort } from '../../addresses/ip.ts';

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

/** The flows that have all these things; the kernel compares what is named. */
export interface FlowFilter {
  readonly protocol: FlowProtocol;
  /** Without an address: the port at any address. */
  readonly destination?: { readonly ip?: string; readonly port: number };
  readonly replySource?: FlowEnd;
}

/** `UDP to 10.96.0.10:53`, `UDP to port 30053`, `UDP answered by 10.0.0.2:53`, `UDP` */
export function formatFilter({ protocol, destination, replySource }: FlowFilter): string {
  const words: string[] = [protocol];
  if (destination !== undefined) {
    const { ip, port } = destination;
    words.push(ip === undefined ? `to port ${port}` : `to ${formatHostPort(ip, port)}`);
  }
  if (replySource !== undefined)
    words.push(`answered by ${formatHostPort(replySource.ip, replySource.port)}`);
  return words.join(' ');
}

/** What the kernel does with a filter, for kernels before 5.8 that ignore it. */
export function matchesFilter({ protocol, destination, replySource }: FlowFilter, flow: Flow): boolean {
  return (
    flow.protocol === protocol &&
    (destination === undefined ||
      (flow.destination.port === destination.port &&
        (destination.ip === undefined || flow.destination.ip === destination.ip))) &&
    (replySource === undefined || isSameEnd(flow.replySource, replySource))
  );
}

export function isSameEnd(a: FlowEnd, b: FlowEnd): boolean {
  return a.port === b.port && a.ip === b.ip;
}

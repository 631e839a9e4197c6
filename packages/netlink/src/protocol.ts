/** The transport protocols with ports that are known here. */
export type TransportProtocol = 'TCP' | 'UDP' | 'SCTP';

/** IPPROTO_* of linux/in.h. */
export const PROTOCOL_NUMBERS: Readonly<Record<TransportProtocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 };

const PROTOCOLS: ReadonlyMap<number, TransportProtocol> = new Map([
  [PROTOCOL_NUMBERS.TCP, 'TCP'],
  [PROTOCOL_NUMBERS.UDP, 'UDP'],
  [PROTOCOL_NUMBERS.SCTP, 'SCTP'],
]);

/** Undefined: one without ports, or one that is not known here. */
export function protocolOfNumber(number: number): TransportProtocol | undefined {
  return PROTOCOLS.get(number);
}

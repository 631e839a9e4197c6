/** The transport protocols that have ports. */
type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** IPPROTO_* of linux/in.h. */
export const PROTOCOL_NUMBERS: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 };

const PROTOCOLS: ReadonlyMap<number, Protocol> = new Map([
  [PROTOCOL_NUMBERS.TCP, 'TCP'],
  [PROTOCOL_NUMBERS.UDP, 'UDP'],
  [PROTOCOL_NUMBERS.SCTP, 'SCTP'],
]);

/** Undefined: one without ports, or one that is not known here. */
export function protocolOfNumber(number: number): Protocol | undefined {
  return PROTOCOLS.get(number);
}

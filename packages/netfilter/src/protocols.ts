/** Protocols with ports as texts name them, and their numbers. */
import { PROTOCOL_NUMBERS as NUMBERS } from '@menwei/netlink';

export type PortProtocol = 'tcp' | 'udp' | 'sctp';

export const PROTOCOL_NUMBERS: Readonly<Record<PortProtocol, number>> = {
  tcp: NUMBERS.TCP,
  udp: NUMBERS.UDP,
  sctp: NUMBERS.SCTP,
};

export function isPortProtocol(text: string): text is PortProtocol {
  return Object.hasOwn(PROTOCOL_NUMBERS, text);
}

/** The name of a protocol; undefined for one that is none of these. */
export function protocolOfNumber(number: number): PortProtocol | undefined {
  return Object.keys(PROTOCOL_NUMBERS)
    .filter(isPortProtocol)
    .find((name) => PROTOCOL_NUMBERS[name] === number);
}

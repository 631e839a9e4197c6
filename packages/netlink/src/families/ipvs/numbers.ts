/** What numbers in IPVS's messages stand for. */
import type { ForwardingMethod, IpvsProtocol } from './contract.ts';

/** IPPROTO_* */
export const PROTOCOL_NUMBERS: Readonly<Record<IpvsProtocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 };

export const PROTOCOLS: ReadonlyMap<number, IpvsProtocol> = new Map([
  [6, 'TCP'],
  [17, 'UDP'],
  [132, 'SCTP'],
]);

/** By their numbers: IP_VS_CONN_F_MASQ, _LOCALNODE, _TUNNEL, _DROUTE, _BYPASS. */
export const FORWARDING_METHODS: readonly ForwardingMethod[] = [
  'masquerade',
  'local',
  'tunnel',
  'direct',
  'bypass',
];

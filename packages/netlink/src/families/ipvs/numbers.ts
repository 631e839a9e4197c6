/** What numbers in IPVS's messages stand for. */
import type { ForwardingMethod } from './contract.ts';

/** By their numbers: IP_VS_CONN_F_MASQ, _LOCALNODE, _TUNNEL, _DROUTE, _BYPASS. */
export const FORWARDING_METHODS: readonly ForwardingMethod[] = [
  'masquerade',
  'local',
  'tunnel',
  'direct',
  'bypass',
];

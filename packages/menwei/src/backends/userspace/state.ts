/** What the userspace mode has on the machine: the State of this backend. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { EMPTY_RULESET, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { Relay, RelayKey, RelayProtocol } from '../../relay/contract.ts';
import type { ServicePortKey } from '../../state/service-port.ts';

export interface UserspaceState {
  readonly rules: Ruleset;
  readonly relays: ReadonlyMap<RelayKey, Relay>;
  /** Ports that other programs listen on. Known of what was observed; plays no part in a comparison. */
  readonly taken: ReadonlySet<TakenPort>;
  /** Service ports that no port was left for. Known of what is wanted. */
  readonly portless: ReadonlySet<ServicePortKey>;
}

/** `UDP 40001` */
export type TakenPort = `${RelayProtocol} ${number}`;

export const NOTHING: UserspaceState = {
  rules: EMPTY_RULESET,
  relays: new Map(),
  taken: new Set(),
  portless: new Set(),
};

/** Both families have their relays in one process. */
export function relayKey(family: IpFamily, key: ServicePortKey): RelayKey {
  return `${family} ${key}`;
}

export function familyOfRelay(key: RelayKey): string {
  return key.slice(0, key.indexOf(' '));
}

export function servicePortOf(key: RelayKey): ServicePortKey {
  return key.slice(key.indexOf(' ') + 1);
}

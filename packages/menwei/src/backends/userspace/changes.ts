/** What leads from one state to another: the Changes of this backend. */

import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Relay, RelayKey } from '../../relay/contract.ts';
import type { ServicePortKey } from '../../state/service-port.ts';

export interface RelayChange {
  readonly before: Relay | undefined;
  readonly after: Relay | undefined;
}

export interface UserspaceChanges {
  readonly script: RestoreScript;
  readonly relays: ReadonlyMap<RelayKey, RelayChange>;
  /** Service ports that have to go without a port. */
  readonly portless: readonly ServicePortKey[];
}

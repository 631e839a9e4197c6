/** What leads from one state of the ipvs mode to another: the Changes of this backend. */

import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { SetShape } from '@menwei/netlink/ipset';
import type { Destination, Frontend } from '@menwei/netlink/ipvs';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { ServerContent, SetContent } from './state.ts';

export interface DestinationChange {
  readonly servicePort: ServicePortKey;
  readonly frontend: Frontend;
  readonly destination: Destination;
  /** UDP clients may still get an answer from it when it has to end. */
  readonly mayAnswer?: boolean;
}

export interface IpvsChanges {
  /** The dummy interface has to be made. */
  readonly device: boolean;
  /** Sets that are missing. */
  readonly sets: readonly SetShape[];
  readonly addedMembers: readonly SetContent[];
  readonly removedMembers: readonly SetContent[];
  /** Before what they protect or masquerade is there. */
  readonly rules: RestoreScript;
  /** After it is gone. */
  readonly lastRules: RestoreScript;
  /** With all their destinations. */
  readonly addedServers: readonly ServerContent[];
  /** Another scheduler, other flags or another timeout; destinations don't count here. */
  readonly changedServers: readonly ServerContent[];
  readonly removedServers: readonly ServerContent[];
  readonly addedDestinations: readonly DestinationChange[];
  /** Another weight or way of forwarding. */
  readonly changedDestinations: readonly DestinationChange[];
  /** Get no new connections and go when they have no more. */
  readonly drainedDestinations: readonly DestinationChange[];
  /** Go at once. */
  readonly endedDestinations: readonly DestinationChange[];
  readonly addedAddresses: readonly string[];
  readonly removedAddresses: readonly string[];
}

/** Where a service port stands on its way into the kernel. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ServicePortKey } from './service-port.ts';

export interface ServicePortStatus {
  readonly servicePort: ServicePortKey;
  readonly family: IpFamily;
  /**
   * pending: waits for a sync; programmed: the kernel has all that its Service asks for; error: it has not, since the last
   * try failed and will be repeated, another Service owns an address, or what the Service should be can't be used.
   */
  readonly state: 'pending' | 'programmed' | 'error';
  /** Since when it is in this state for this reason; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why, when the state is error. */
  readonly error?: string;
  /** What keeps a frontend from being used, whatever the state, or what the mode passes over. */
  readonly warning?: string;
}

/** Whatever it says since when. */
export function isSameStatus(a: ServicePortStatus, b: ServicePortStatus): boolean {
  return a.state === b.state && a.error === b.error && a.warning === b.warning;
}

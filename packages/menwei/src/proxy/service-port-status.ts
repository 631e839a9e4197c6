/** Where each service port stands on its way into the kernel. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ServicePortKey } from '../state/service-port.ts';

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
  /** What keeps a way in from being used, whatever the state. */
  readonly warning?: string;
}

export class StatusBoard {
  readonly #family: IpFamily;
  readonly #unmet: (key: ServicePortKey) => string | undefined;
  readonly #statuses = new Map<ServicePortKey, ServicePortStatus>();

  /** @param unmet what its Service asks for and does not get, in words */
  constructor(family: IpFamily, unmet: (key: ServicePortKey) => string | undefined) {
    this.#family = family;
    this.#unmet = unmet;
  }

  set(
    keys: Iterable<ServicePortKey>,
    state: ServicePortStatus['state'],
    nowMs: number,
    error?: string,
  ): void {
    for (const servicePort of keys) {
      const former = this.#statuses.get(servicePort);
      if (former?.state === state && former.error === error) continue;
      this.#statuses.set(servicePort, {
        servicePort,
        family: this.#family,
        state,
        sinceMs: nowMs,
        ...(error === undefined ? {} : { error }),
      });
    }
  }

  remove(key: ServicePortKey): void {
    this.#statuses.delete(key);
  }

  list(): readonly ServicePortStatus[] {
    return Array.from(this.#statuses.values(), (status) => {
      const error = status.state === 'programmed' ? this.#unmet(status.servicePort) : undefined;
      return error === undefined ? status : { ...status, state: 'error', error };
    });
  }
}

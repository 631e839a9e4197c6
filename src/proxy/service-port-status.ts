/** Where each service port stands on its way into the kernel. */
import type { IpFamily } from '../addresses/ip.ts';
import type { ServicePortKey } from '../services/service-port.ts';

export interface ServicePortStatus {
  readonly servicePort: ServicePortKey;
  readonly family: IpFamily;
  /** pending: waits for a sync; programmed: the kernel has it; error: the last try failed, and will be repeated. */
  readonly state: 'pending' | 'programmed' | 'error';
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why, when the state is error. */
  readonly error?: string;
  /** What keeps a way in from being used, whatever the state. */
  readonly warning?: string;
}

export class StatusBoard {
  readonly #family: IpFamily;
  readonly #statuses = new Map<ServicePortKey, ServicePortStatus>();

  constructor(family: IpFamily) {
    this.#family = family;
  }

  set(
    keys: Iterable<ServicePortKey>,
    state: ServicePortStatus['state'],
    nowMs: number,
    error?: string,
  ): void {
    for (const servicePort of keys) {
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
    return [...this.#statuses.values()];
  }
}

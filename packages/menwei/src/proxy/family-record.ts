/** What the proxy of a family writes into the state: what the kernel was given, and where each service port stands. */
import type { NodeView } from '../services/node-view.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { Destination, ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';
import type { SyncRow } from '../state/sync-row.ts';

export interface SyncOutcome {
  readonly ok: boolean;
  /** Everything was compared with the kernel. */
  readonly complete: boolean;
  readonly seconds: number;
  readonly node: NodeView | undefined;
  readonly triggerTimesMs: readonly number[];
  readonly refusedCount: number;
  readonly failure: SyncRow['failure'];
  readonly firstChangeMs: number | undefined;
  readonly rules: SyncRow['rules'];
}

export class FamilyRecord {
  readonly #tables: FamilyTables;

  constructor(tables: FamilyTables) {
    this.#tables = tables;
  }

  /** A service port has changed, or is gone. */
  changed(key: ServicePortKey, port: ServicePort | undefined): void {
    if (port === undefined) this.#tables.status.delete(key);
    else this.#put(key, 'pending');
  }

  /**
   * @param error why it is not all that its Service asks for; undefined: it is
   * @param warning what the mode passes over of that
   */
  settled(key: ServicePortKey, error: string | undefined, warning: string | undefined): void {
    if (error === undefined) this.#put(key, 'programmed', warning === undefined ? {} : { warning });
    else this.failed(key, error);
  }

  failed(key: ServicePortKey, error: string): void {
    this.#put(key, 'error', { error });
  }

  /** @param destinations where the kernel leads traffic; undefined: to the endpoints */
  applied(
    key: ServicePortKey,
    port: ServicePort | undefined,
    destinations: readonly Destination[] | undefined,
  ): void {
    const { applied } = this.#tables;
    if (port === undefined) applied.delete(key);
    else applied.put(key, destinations === undefined ? port : { ...port, destinations });
  }

  /** Whether the kernel was given something of a service port and not told to take it back. */
  isApplied(key: ServicePortKey): boolean {
    return this.#tables.applied.rows.has(key);
  }

  /** Closes a sync; all else that it has to say must have been said. */
  synced({ node, ...outcome }: SyncOutcome): void {
    const { ok, complete } = outcome;
    const { family, syncs } = this.#tables;
    if (ok && complete) this.#dropInherited();
    const former = syncs.get(family)?.fullCount ?? 0;
    syncs.put(family, {
      ...outcome,
      endedAtMs: Date.now(),
      fullCount: ok && complete ? former + 1 : former,
      nodePortAddresses: node?.nodePortAddresses ?? 'all',
    });
  }

  /** What a former proxy of this family has told of service ports that are gone. */
  #dropInherited(): void {
    const { servicePorts, applied, status } = this.#tables;
    for (const table of [applied, status]) {
      for (const key of table.rows.keys()) if (!servicePorts.rows.has(key)) table.delete(key);
    }
  }

  #put(
    servicePort: ServicePortKey,
    state: ServicePortStatus['state'],
    why: Pick<ServicePortStatus, 'error' | 'warning'> = {},
  ): void {
    const { family } = this.#tables;
    this.#tables.status.put(servicePort, { servicePort, family, state, sinceMs: Date.now(), ...why });
  }
}

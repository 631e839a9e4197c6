/** What Prometheus reads of the load-balancer controller. */
import {
  LB_ANNOUNCED,
  LB_LEADER,
  LB_PENDING_SERVICES,
  LB_POOL_ADDRESSES,
  LB_POOL_ADDRESSES_IN_USE,
  LB_SERVICES,
  LB_SYNC_DURATION,
  LB_SYNCS,
  METALLB_ADDRESSES,
  METALLB_ADDRESSES_IN_USE,
  SERVICE_CONTROLLER_SYNCS,
} from '../../metrics/catalogue/load-balancer.ts';
import { ClientMetrics } from '../../metrics/client-metrics.ts';
import { type ObservedComponent, registerComponentMetrics } from '../../metrics/component-metrics.ts';
import { Registry } from '../../metrics/registry.ts';
import type { ControllerObserver } from '../controller.ts';
import type { LbStatus } from './status-document.ts';

export class LbMetrics implements ControllerObserver {
  readonly registry = new Registry();
  readonly client = new ClientMetrics(this.registry);
  readonly #syncs = this.registry.counter(LB_SYNCS);
  readonly #ensured = this.registry.counter(SERVICE_CONTROLLER_SYNCS);
  readonly #durations = this.registry.histogram(LB_SYNC_DURATION);

  constructor(status: () => LbStatus, components: () => readonly ObservedComponent[]) {
    const { registry } = this;
    this.#ensured.add({}, 0);
    for (const result of ['ok', 'error']) this.#syncs.add({ result }, 0);
    registerComponentMetrics(registry, components);
    registry.collected(LB_LEADER, () => [{ labels: {}, value: status().isLeading ? 1 : 0 }]);
    registry.collected(LB_SERVICES, () => [{ labels: {}, value: status().services.length }]);
    registry.collected(LB_PENDING_SERVICES, () => {
      const pending = status().services.flatMap(({ ready }) =>
        ready === undefined || ready.status === 'True' ? [] : [ready.reason],
      );
      const counts = Map.groupBy(pending, (reason) => reason);
      return Array.from(counts, ([reason, all]) => ({ labels: { reason }, value: all.length }));
    });
    registry.collected(LB_ANNOUNCED, () =>
      status().announcers.flatMap(({ node, owned }) =>
        owned.flatMap(({ address, interfaces }) =>
          interfaces.map((name) => ({ labels: { address, node, interface: name }, value: 1 })),
        ),
      ),
    );
    this.#collectPools(status);
  }

  synced(seconds: number, failed: boolean): void {
    this.#syncs.add({ result: failed ? 'error' : 'ok' }, 1);
    this.#durations.observe({}, seconds);
  }

  ensured(): void {
    this.#ensured.add({}, 1);
  }

  #collectPools(status: () => LbStatus): void {
    const { registry } = this;
    // Two kinds of pools may have one name.
    const rowsOf = () => {
      const rows = status().pools.flatMap(({ name: pool, families }) =>
        families.map((row) => ({ pool, row })),
      );
      return [...Map.groupBy(rows, ({ pool }) => pool)].map(
        ([pool, all]) => [pool, all.map(({ row }) => row)] as const,
      );
    };
    const sum = (rows: readonly FamilyRow[], value: (row: FamilyRow) => number) =>
      rows.reduce((total, row) => total + value(row), 0);
    const ofFamilies = (value: (row: FamilyRow) => number) => () =>
      rowsOf().flatMap(([pool, rows]) =>
        [...Map.groupBy(rows, (row) => row.family)].map(([family, some]) => {
          return { labels: { pool, family }, value: sum(some, value) };
        }),
      );
    const ofPools = (value: (row: FamilyRow) => number) => () =>
      rowsOf().map(([pool, rows]) => ({ labels: { pool }, value: sum(rows, value) }));
    registry.collected(LB_POOL_ADDRESSES, ofFamilies(sizeOf));
    registry.collected(LB_POOL_ADDRESSES_IN_USE, ofFamilies(inUseOf));
    registry.collected(METALLB_ADDRESSES, ofPools(sizeOf));
    registry.collected(METALLB_ADDRESSES_IN_USE, ofPools(inUseOf));
  }
}

type FamilyRow = LbStatus['pools'][number]['families'][number];

function sizeOf({ size }: FamilyRow): number {
  return Number(size);
}

function inUseOf({ inUse }: FamilyRow): number {
  return inUse;
}

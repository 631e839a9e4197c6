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
    registry.group({
      metrics: {
        leader: LB_LEADER,
        services: LB_SERVICES,
        pending: LB_PENDING_SERVICES,
        announced: LB_ANNOUNCED,
        poolAddresses: LB_POOL_ADDRESSES,
        poolAddressesInUse: LB_POOL_ADDRESSES_IN_USE,
        addresses: METALLB_ADDRESSES,
        addressesInUse: METALLB_ADDRESSES_IN_USE,
      },
      collect: () => samplesOf(status()),
    });
  }

  synced(seconds: number, failed: boolean): void {
    this.#syncs.add({ result: failed ? 'error' : 'ok' }, 1);
    this.#durations.observe({}, seconds);
  }

  ensured(): void {
    this.#ensured.add({}, 1);
  }
}

function samplesOf({ isLeading, services, pools, announcers }: LbStatus) {
  return {
    leader: [{ labels: {}, value: isLeading ? 1 : 0 }],
    services: [{ labels: {}, value: services.length }],
    pending: countPending(services),
    announced: announcers.flatMap(({ node, owned }) =>
      owned.flatMap(({ address, interfaces }) =>
        interfaces.map((name) => ({ labels: { address, node, interface: name }, value: 1 })),
      ),
    ),
    ...countAddresses(pools),
  };
}

function countPending(services: LbStatus['services']) {
  const pending = services.flatMap(({ ready }) =>
    ready === undefined || ready.status === 'True' ? [] : [ready.reason],
  );
  const counts = Map.groupBy(pending, (reason) => reason);
  return Array.from(counts, ([reason, all]) => ({ labels: { reason }, value: all.length }));
}

/** Two kinds of pools may have one name. */
function countAddresses(pools: LbStatus['pools']) {
  const rows = pools.flatMap(({ name: pool, families }) => families.map((row) => ({ pool, row })));
  const byPool = Array.from(
    Map.groupBy(rows, ({ pool }) => pool),
    ([pool, all]) => [pool, all.map(({ row }) => row)] as const,
  );
  const ofFamilies = (value: (row: FamilyRow) => number) =>
    byPool.flatMap(([pool, rows]) =>
      Array.from(
        Map.groupBy(rows, (row) => row.family),
        ([family, some]) => ({ labels: { pool, family }, value: sum(some, value) }),
      ),
    );
  const ofPools = (value: (row: FamilyRow) => number) =>
    byPool.map(([pool, rows]) => ({ labels: { pool }, value: sum(rows, value) }));
  return {
    poolAddresses: ofFamilies(sizeOf),
    poolAddressesInUse: ofFamilies(inUseOf),
    addresses: ofPools(sizeOf),
    addressesInUse: ofPools(inUseOf),
  };
}

type FamilyRow = LbStatus['pools'][number]['families'][number];

function sum(rows: readonly FamilyRow[], value: (row: FamilyRow) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

function sizeOf({ size }: FamilyRow): number {
  return Number(size);
}

function inUseOf({ inUse }: FamilyRow): number {
  return inUse;
}

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
    const ofPools = (value: (family: LbStatus['pools'][number]['families'][number]) => number) => () =>
      status().pools.flatMap(({ name, families }) =>
        families.map((family) => ({ labels: { pool: name, family: family.family }, value: value(family) })),
      );
    registry.collected(
      LB_POOL_ADDRESSES,
      ofPools(({ size }) => Number(size)),
    );
    registry.collected(
      LB_POOL_ADDRESSES_IN_USE,
      ofPools(({ inUse }) => inUse),
    );
  }

  synced(seconds: number, failed: boolean): void {
    this.#syncs.add({ result: failed ? 'error' : 'ok' }, 1);
    this.#durations.observe({}, seconds);
  }

  ensured(): void {
    this.#ensured.add({}, 1);
  }
}

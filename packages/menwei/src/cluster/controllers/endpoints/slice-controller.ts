/** Keeps the slices of Services that have a selector as they should be (cluster § 11.1). */

import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import type { StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import type { ControllerContext, QueueTiming } from '../controller.ts';
import { endsWithNamespace, messageOf } from '../failures.ts';
import { TypedRegistry } from '../typed-registry.ts';
import { ForeignWrites } from './foreign-writes.ts';
import { HintEvents } from './hint-events.ts';
import { hasLabel, serviceKeyOf } from './labels.ts';
import { MANAGED_BY_LABEL, SLICE_MANAGER } from './names.ts';
import type { SelectedService, Selection } from './selection.ts';
import { regardingService } from './service-events.ts';
import type { ServiceFacts } from './service-facts.ts';
import type { EndpointSlice } from './slice-packing.ts';
import { planSlices, type SlicePlan } from './slice-plan.ts';
import { SliceWriter } from './slice-writer.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

const COMPONENT = 'endpoint-slice-controller';

/** Of the queue. */
export const SLICE_TIMING: QueueTiming = { retry: { firstMs: 1_000, maxMs: 1_000_000 } };

interface SliceControllerOptions {
  readonly context: ControllerContext;
  readonly queue: WorkQueue;
  readonly selection: Selection;
  /** Endpoints that a slice may have. */
  readonly capacity: number;
}

export class SliceController {
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #selection: Selection;
  readonly #capacity: number;
  readonly #triggerTimes = new TriggerTimes();
  readonly #foreign: ForeignWrites;
  readonly #writer: SliceWriter;
  readonly #hintEvents: HintEvents;
  /** What each Service was told to be in trouble with, so that it is told once. */
  readonly #troubles = new Map<string, string>();

  constructor({ context, queue, selection, capacity }: SliceControllerOptions) {
    this.#context = context;
    this.#queue = queue;
    this.#selection = selection;
    this.#capacity = capacity;
    this.#foreign = new ForeignWrites(context.store, 'endpointslices', (serviceKey) => queue.add(serviceKey));
    this.#writer = new SliceWriter(new TypedRegistry(context.registry), this.#foreign);
    this.#hintEvents = new HintEvents(context.events, COMPONENT);
  }

  created({ key, createdAt }: ServiceFacts): void {
    this.#triggerTimes.created(key, createdAt);
    this.#queue.add(key);
  }

  affected(serviceKey: string, since: string | undefined): void {
    this.#triggerTimes.changed(serviceKey, since);
    this.#queue.add(serviceKey);
  }

  digest({ before, after }: StoreChange): void {
    for (const stored of [before, after]) {
      if (stored?.resource === 'endpointslices' && isManaged(stored))
        this.#foreign.note(serviceKeyOf(stored), stored);
    }
  }

  async work(serviceKey: string): Promise<void> {
    const selected = this.#selection.get(serviceKey);
    if (selected === undefined) {
      // Its slices are the garbage collector's business.
      this.#troubles.delete(serviceKey);
      this.#hintEvents.forget(serviceKey);
      this.#triggerTimes.forget(serviceKey);
      return;
    }
    const { service } = selected;
    if (service.selector === undefined) return;
    const due = this.#triggerTimes.get(serviceKey);
    const { plans, unwanted } = this.#plan(selected);
    try {
      for (const plan of plans) await this.#write(service, plan, due.since);
      await this.#writer.write(serviceKey, { create: [], update: [], remove: unwanted });
    } catch (error) {
      if (endsWithNamespace(error)) return;
      this.#tellTrouble(service, [messageOf(error)]);
      throw error;
    }
    this.#triggerTimes.written(serviceKey, due);
    const troubles = plans
      .flatMap(({ skipped }) => skipped)
      .map(({ name, why }) => `skipping Pod ${name} for Service ${serviceKey}: ${why}`);
    this.#tellTrouble(service, [...new Set(troubles)]);
    this.#hintEvents.tell(service, plans);
  }

  stop(): void {
    this.#foreign.stop();
  }

  #plan({ service, pods }: SelectedService) {
    const all = Array.from(this.#context.store.listBy('endpointslices', 'serviceName', service.key));
    const slices = all.filter(isManaged).map((stored) => objectOf('endpointslices', stored));
    const existing = Map.groupBy(slices, ({ addressType }) => addressType);
    const plans = service.families.map((family) => {
      const ofFamily = existing.get(family) ?? [];
      existing.delete(family);
      return planSlices({
        service,
        pods: pods.values(),
        nodes: this.#selection.nodes,
        family,
        existing: ofFamily,
        capacity: this.#capacity,
      });
    });
    return { plans, unwanted: [...existing.values()].flat() };
  }

  async #write(
    { key, isBeingDeleted }: ServiceFacts,
    plan: SlicePlan,
    since: string | undefined,
  ): Promise<void> {
    const withTime = (slices: readonly EndpointSlice[]) =>
      slices.map((slice) => withTriggerTime(slice, since));
    await this.#writer.write(key, {
      // What it owns goes with it.
      create: isBeingDeleted ? [] : withTime(plan.create),
      update: withTime(plan.update),
      remove: plan.remove,
    });
  }

  #tellTrouble(service: ServiceFacts, troubles: readonly string[]): void {
    const [first] = troubles;
    const told = this.#troubles.get(service.key);
    if (first === undefined) {
      this.#troubles.delete(service.key);
      return;
    }
    const trouble = troubles.length === 1 ? first : `[${troubles.join(', ')}]`;
    if (trouble === told) return;
    this.#troubles.set(service.key, trouble);
    this.#context.events.record({
      regarding: regardingService(service),
      type: 'Warning',
      reason: 'FailedToUpdateEndpointSlices',
      message: `Error updating Endpoint Slices for Service ${service.key}: ${trouble}`,
      component: COMPONENT,
      isStanding: true,
    });
  }
}

function isManaged({ labels }: StoredObject): boolean {
  return hasLabel(labels, MANAGED_BY_LABEL, SLICE_MANAGER);
}

/** Mirrors Endpoints that are kept by hand, for Services without a selector, into slices (cluster § 11.3). */
import type { Component } from '../../../agent/component.ts';
import { untilAborted } from '../../../scheduling/pause.ts';
import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { Store, StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import {
  type ControllerContext,
  controllerComponent,
  loggingQueue,
  type QueueTiming,
} from '../controller.ts';
import { ForeignWrites } from '../endpoints/foreign-writes.ts';
import { hasLabel, serviceKeyOf } from '../endpoints/labels.ts';
import { MANAGED_BY_LABEL, MIRROR_MANAGER } from '../endpoints/names.ts';
import { SliceWriter } from '../endpoints/slice-writer.ts';
import { endsWithNamespace } from '../failures.ts';
import { TypedRegistry } from '../typed-registry.ts';
import { isMirrored, MAX_MIRRORED_ADDRESSES, type MirrorPlan, planMirror } from './mirror-plan.ts';

const NAME = 'endpointslice-mirroring-controller';
const TIMING: QueueTiming = { retry: { firstMs: 1_000, maxMs: 100_000 } };

export function mirrorController(context: ControllerContext): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, TIMING);
    const controller = new MirrorController(context, queue);
    return {
      resources: ['endpoints', 'services', 'endpointslices'],
      digest: (change, wasThere) => controller.digest(change, wasThere),
      queues: [{ queue, work: (key) => controller.work(key) }],
      meanwhile: async (signal) => {
        await untilAborted(signal);
        controller.stop();
      },
    };
  });
}

const NOTHING: MirrorPlan = { create: [], update: [], remove: [], invalid: 0, surplus: 0 };

class MirrorController {
  readonly #context: ControllerContext;
  readonly #store: Store;
  readonly #queue: WorkQueue;
  readonly #foreign: ForeignWrites;
  readonly #writer: SliceWriter;

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#store = context.store;
    this.#queue = queue;
    this.#foreign = new ForeignWrites(context.store, 'endpointslices', (key) => queue.add(key));
    this.#writer = new SliceWriter(new TypedRegistry(context.registry), this.#foreign);
  }

  digest({ before, after }: StoreChange, wasThere: boolean): void {
    const stored = after ?? before;
    if (stored === undefined) return;
    if (stored.resource !== 'endpointslices') {
      this.#queue.add(`${stored.namespace}/${stored.name}`);
      return;
    }
    for (const slice of [before, after]) {
      if (slice === undefined || !isMirror(slice)) continue;
      if (wasThere) this.#queue.add(serviceKeyOf(slice));
      else this.#foreign.note(serviceKeyOf(slice), slice);
    }
  }

  async work(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const all = Array.from(this.#store.listBy('endpointslices', 'serviceName', key));
    const existing = all.filter(isMirror).map((stored) => objectOf('endpointslices', stored));
    const endpoints = this.#toMirror(namespace, name);
    if (endpoints === undefined && existing.length === 0) return;
    const plan = endpoints === undefined ? { ...NOTHING, remove: existing } : planMirror(endpoints, existing);
    try {
      await this.#writer.write(key, plan);
    } catch (error) {
      if (endsWithNamespace(error)) return;
      throw error;
    }
    if (endpoints !== undefined) this.#tell(endpoints, plan);
  }

  stop(): void {
    this.#foreign.stop();
  }

  /** Undefined: there is nothing to mirror. */
  #toMirror(namespace: string, name: string): StoredKinds['endpoints'] | undefined {
    const stored = this.#store.get('endpoints', namespace, name);
    const service = this.#store.get('services', namespace, name);
    if (stored === undefined || stored.isBeingDeleted || service === undefined) return undefined;
    if (Object.keys(objectOf('services', service).spec?.selector ?? {}).length > 0) return undefined;
    const endpoints = objectOf('endpoints', stored);
    return isMirrored(endpoints) ? endpoints : undefined;
  }

  #tell({ metadata }: StoredKinds['endpoints'], { invalid, surplus, create, update }: MirrorPlan): void {
    // Nothing was written: it was told when it was.
    if (create.length + update.length === 0) return;
    const { namespace = '', name = '', uid = '' } = metadata;
    const record = (reason: string, message: string) =>
      this.#context.events.record({
        regarding: { kind: 'Endpoints', apiVersion: 'v1', namespace, name, uid },
        type: 'Warning',
        reason,
        message,
        component: NAME,
        isStanding: true,
      });
    if (invalid > 0) {
      record('InvalidIPAddress', `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`);
    }
    if (surplus > 0) {
      record(
        'TooManyAddressesToMirror',
        `A max of ${MAX_MIRRORED_ADDRESSES} addresses can be mirrored to EndpointSlices per Endpoints subset. ${surplus} addresses were skipped`,
      );
    }
  }
}

function isMirror({ labels }: StoredObject): boolean {
  return hasLabel(labels, MANAGED_BY_LABEL, MIRROR_MANAGER);
}

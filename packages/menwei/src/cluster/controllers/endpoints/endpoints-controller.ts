/** Keeps the Endpoints object of each Service that has a selector as it should be (cluster § 11.2). */

import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import type { StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import type { ControllerContext } from '../controller.ts';
import { endsWithNamespace, ignoring, isNotFound, messageOf } from '../failures.ts';
import { TypedRegistry } from '../typed-registry.ts';
import { type Endpoints, planEndpoints } from './endpoints-plan.ts';
import { ForeignWrites } from './foreign-writes.ts';
import { hasLabel } from './labels.ts';
import { ENDPOINTS_MANAGED_BY_LABEL, ENDPOINTS_MANAGER } from './names.ts';
import type { Selection } from './selection.ts';
import { regardingService } from './service-events.ts';
import type { ServiceFacts } from './service-facts.ts';
import { TriggerTimes } from './trigger-times.ts';

const COMPONENT = 'endpoint-controller';

export class EndpointsController {
  readonly #context: ControllerContext;
  readonly #registry: TypedRegistry;
  readonly #queue: WorkQueue;
  readonly #selection: Selection;
  readonly #isOn: boolean;
  readonly #triggerTimes = new TriggerTimes();
  readonly #foreign: ForeignWrites;

  /** @param isOn if it is not, it only removes what it made when it was */
  constructor(context: ControllerContext, queue: WorkQueue, selection: Selection, isOn: boolean) {
    this.#context = context;
    this.#registry = new TypedRegistry(context.registry);
    this.#queue = queue;
    this.#selection = selection;
    this.#isOn = isOn;
    this.#foreign = new ForeignWrites(context.store, 'endpoints', (serviceKey) => queue.add(serviceKey));
  }

  created({ key, createdAt }: ServiceFacts): void {
    this.#triggerTimes.created(key, createdAt);
    this.#queue.add(key);
  }

  affected(serviceKey: string, since: string | undefined): void {
    this.#triggerTimes.changed(serviceKey, since);
    this.#queue.add(serviceKey);
  }

  digest({ before, after }: StoreChange, wasThere: boolean): void {
    const stored = after ?? before;
    if (stored?.resource !== 'endpoints') return;
    const key = `${stored.namespace}/${stored.name}`;
    if (!wasThere) this.#foreign.note(key, stored);
    // Its Service may have gone meanwhile.
    else if (isManaged(stored)) this.#queue.add(key);
  }

  async work(serviceKey: string): Promise<void> {
    const selected = this.#isOn ? this.#selection.get(serviceKey) : undefined;
    const existing = this.#existing(serviceKey);
    if (selected === undefined) {
      this.#triggerTimes.forget(serviceKey);
      if (existing !== undefined && isManaged(existing)) await this.#remove(existing);
      return;
    }
    const { service, pods } = selected;
    if (service.selector === undefined) return;
    const due = this.#triggerTimes.get(serviceKey);
    const present = existing === undefined ? undefined : objectOf('endpoints', existing);
    const endpoints = planEndpoints(service, pods.values(), present, due.since);
    if (endpoints !== undefined) await this.#write(service, endpoints, present === undefined);
    this.#triggerTimes.written(serviceKey, due);
  }

  stop(): void {
    this.#foreign.stop();
  }

  #existing(serviceKey: string): StoredObject | undefined {
    const [namespace = '', name = ''] = serviceKey.split('/');
    return this.#context.store.get('endpoints', namespace, name);
  }

  async #write(service: ServiceFacts, endpoints: Endpoints, isNew: boolean): Promise<void> {
    if (isNew && service.isBeingDeleted) return;
    try {
      const { stored } = await this.#registry[isNew ? 'create' : 'update']('endpoints', endpoints);
      this.#foreign.wrote(service.key, stored);
    } catch (error) {
      if (endsWithNamespace(error)) return;
      this.#context.events.record({
        regarding: regardingService(service),
        type: 'Warning',
        reason: isNew ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint',
        message: isNew
          ? `Failed to create endpoint for service ${service.key}: ${messageOf(error)}`
          : `Failed to update endpoint ${service.key}: ${messageOf(error)}`,
        component: COMPONENT,
      });
      throw error;
    }
  }

  async #remove({ namespace, name, uid }: StoredObject): Promise<void> {
    const removal = this.#registry.delete('endpoints', namespace, name, { preconditions: { uid } });
    await ignoring(isNotFound, removal);
  }
}

function isManaged({ labels }: StoredObject): boolean {
  return hasLabel(labels, ENDPOINTS_MANAGED_BY_LABEL, ENDPOINTS_MANAGER);
}

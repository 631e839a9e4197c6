/** Makes ServiceCIDRs ready, and lets those go that are deleted once no address needs them (cluster § 9.7). */
import type { Component } from '../../../agent/component.ts';
import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import { formatTime } from '../../schema/time.ts';
import type { Store, StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { ignoring, isConflict, isNotFound } from '../failures.ts';
import { repeat } from '../repeat.ts';
import { TypedRegistry } from '../typed-registry.ts';
import {
  CIDR_FINALIZER,
  type CidrStep,
  cidrsOf,
  DEFAULT_CIDR,
  isAloneIn,
  nextStep,
  type ServiceCidr,
  withCondition,
} from './service-cidr-plan.ts';

const NAME = 'service-cidr-controller';
const CHECK_MS = 10_000;

/** @param ranges of the flag, canonical */
export function serviceCidrController(context: ControllerContext, ranges: readonly string[]): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const controller = new ServiceCidrController(context, queue, ranges);
    return {
      resources: ['servicecidrs', 'ipaddresses'],
      digest: (change) => controller.digest(change),
      queues: [{ queue, work: (name) => controller.work(name) }],
      meanwhile: (signal) => repeat(CHECK_MS, signal, () => queue.add(DEFAULT_CIDR)),
    };
  });
}

class ServiceCidrController {
  readonly #context: ControllerContext;
  readonly #store: Store;
  readonly #registry: TypedRegistry;
  readonly #queue: WorkQueue;
  readonly #ranges: readonly string[];
  /** When each that is being deleted was found to be needed no more. */
  readonly #releasedMs = new Map<string, number>();
  /** Told once of the difference between the flag and what is there. */
  #hasToldDifference = false;

  constructor(context: ControllerContext, queue: WorkQueue, ranges: readonly string[]) {
    this.#context = context;
    this.#store = context.store;
    this.#registry = new TypedRegistry(context.registry);
    this.#queue = queue;
    this.#ranges = ranges;
  }

  digest({ before, after }: StoreChange): void {
    const stored = after ?? before;
    if (stored?.resource === 'servicecidrs') {
      this.#queue.add(stored.name);
      // Another one may hold the addresses of those that are being deleted.
      this.#addEnding();
    } else if (after === undefined) this.#addEnding();
  }

  async work(name: string): Promise<void> {
    const stored = this.#store.get('servicecidrs', '', name);
    if (stored === undefined) {
      this.#releasedMs.delete(name);
      if (name === DEFAULT_CIDR) await this.#createDefault();
      return;
    }
    const cidr = objectOf('servicecidrs', stored);
    if (name === DEFAULT_CIDR && !stored.isBeingDeleted) await this.#compareWithFlag(cidr);
    const step = nextStep(cidr, () => this.#isInUse(cidr), this.#releasedMs.get(name), this.#context.now());
    await this.#take(step, stored);
  }

  #addEnding(): void {
    for (const { name, isBeingDeleted } of this.#store.list('servicecidrs'))
      if (isBeingDeleted) this.#queue.add(name);
  }

  async #take(step: CidrStep, { name, uid }: StoredObject): Promise<void> {
    if (step.action !== 'wait') this.#releasedMs.delete(name);
    switch (step.action) {
      case 'none':
        return;
      case 'wait':
        this.#releasedMs.set(name, this.#releasedMs.get(name) ?? this.#context.now());
        this.#queue.addLater(name, step.ms);
        return;
      case 'add finalizer':
        return this.#change(name, uid, '', (cidr) => withFinalizers(cidr, (all) => [...all, CIDR_FINALIZER]));
      case 'remove finalizer':
        return this.#change(name, uid, '', (cidr) =>
          withFinalizers(cidr, (all) => all.filter((each) => each !== CIDR_FINALIZER)),
        );
      case 'set condition': {
        const now = formatTime(this.#context.now());
        return this.#change(name, uid, 'status', (cidr) => {
          const conditions = withCondition(cidr.status?.conditions ?? [], step.condition, now);
          return { ...cidr, status: { ...cidr.status, conditions } };
        });
      }
    }
  }

  /** Addresses are taken that no CIDR but this one holds. */
  #isInUse(cidr: ServiceCidr): boolean {
    const others = Array.from(this.#store.list('servicecidrs'))
      .filter(({ uid, isBeingDeleted }) => uid !== cidr.metadata.uid && !isBeingDeleted)
      .flatMap((stored) => cidrsOf(objectOf('servicecidrs', stored)));
    const own = cidrsOf(cidr);
    for (const { name } of this.#store.list('ipaddresses')) if (isAloneIn(name, own, others)) return true;
    return false;
  }

  async #createDefault(): Promise<void> {
    const cidr: ServiceCidr = {
      kind: 'ServiceCIDR',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: DEFAULT_CIDR },
      spec: { cidrs: this.#ranges },
    };
    await ignoring(isConflict, this.#registry.create('servicecidrs', cidr));
  }

  /** What is there stays, for addresses of it are taken; a second family may come. */
  async #compareWithFlag(cidr: ServiceCidr): Promise<void> {
    const present = cidr.spec?.cidrs ?? [];
    const ranges = this.#ranges;
    if (JSON.stringify(present) === JSON.stringify(ranges)) return;
    const { uid = '' } = cidr.metadata;
    if (present.length === 1 && ranges.length === 2 && present[0] === ranges[0]) {
      await this.#change(DEFAULT_CIDR, uid, '', (current) => ({
        ...current,
        spec: { ...current.spec, cidrs: ranges },
      }));
      return;
    }
    if (this.#hasToldDifference) return;
    this.#hasToldDifference = true;
    this.#context.logger.warn(
      { serviceCIDR: DEFAULT_CIDR, present: present.join(','), serviceClusterIPRange: ranges.join(',') },
      'the ServiceCIDR is not what --service-cluster-ip-range says; the ServiceCIDR counts',
    );
    this.#context.events.record({
      regarding: {
        kind: 'ServiceCIDR',
        apiVersion: 'networking.k8s.io/v1',
        namespace: '',
        name: DEFAULT_CIDR,
        uid,
      },
      type: 'Warning',
      reason: 'KubernetesDefaultServiceCIDRInconsistent',
      message: `The default ServiceCIDR ${present.join(',')} differs from --service-cluster-ip-range ${ranges.join(',')}`,
      component: 'kubernetes-service-cidr-controller',
      isStanding: true,
    });
  }

  async #change(
    name: string,
    uid: string,
    subresource: '' | 'status',
    change: (cidr: ServiceCidr) => ServiceCidr,
  ): Promise<void> {
    const ofSame = (cidr: ServiceCidr) => (cidr.metadata.uid === uid ? change(cidr) : cidr);
    await ignoring(isNotFound, this.#registry.change('servicecidrs', '', name, ofSame, { subresource }));
  }
}

function withFinalizers(
  cidr: ServiceCidr,
  change: (finalizers: readonly string[]) => readonly string[],
): ServiceCidr {
  const finalizers = change(cidr.metadata.finalizers ?? []);
  return { ...cidr, metadata: { ...cidr.metadata, finalizers } };
}

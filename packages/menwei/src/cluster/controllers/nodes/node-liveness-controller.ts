/**
 * Marks Nodes that are not heard of any more, and takes their pods out of the endpoints (cluster § 11.8). Only Nodes that have had
 * a Lease are judged: for the others nobody renews anything.
 *
 * What counts is when a heartbeat was seen here, and not what time it tells: clocks of machines differ.
 */
import type { Component } from '../../../agent/component.ts';
import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import { isReady } from '../../kinds/conditions.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import { formatTime } from '../../schema/time.ts';
import type { Store, StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { ignoring, isNotFound } from '../failures.ts';
import { TypedRegistry } from '../typed-registry.ts';
import {
  heartbeatOf,
  isTaintedRight,
  readyOf,
  silenceEndsMs,
  silentNode,
  unreadyPod,
  withRightTaints,
} from './node-liveness.ts';

const NAME = 'node-lifecycle-controller';
const COMPONENT = 'node-controller';
const LEASES = 'kube-node-lease';

export function nodeLivenessController(context: ControllerContext): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const controller = new NodeLivenessController(context, queue);
    return {
      resources: ['nodes', 'leases'],
      digest: (change) => controller.digest(change),
      queues: [{ queue, work: (name) => controller.work(name) }],
    };
  });
}

interface Heard {
  readonly heartbeat: string;
  /** On the clock that does not jump. */
  readonly ms: number;
  /** It was not heard of since it was first seen. */
  readonly isFirst: boolean;
}

class NodeLivenessController {
  readonly #context: ControllerContext;
  readonly #store: Store;
  readonly #registry: TypedRegistry;
  readonly #queue: WorkQueue;
  readonly #heard = new Map<string, Heard>();
  /** Nodes that have, or had, a Lease. */
  readonly #leased = new Set<string>();

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#store = context.store;
    this.#registry = new TypedRegistry(context.registry);
    this.#queue = queue;
  }

  digest({ before, after }: StoreChange): void {
    const stored = after ?? before;
    if (stored === undefined || (stored.resource === 'leases' && stored.namespace !== LEASES)) return;
    if (stored.resource === 'leases') this.#leased.add(stored.name);
    this.#queue.add(stored.name);
  }

  async work(name: string): Promise<void> {
    const stored = this.#store.get('nodes', '', name);
    if (stored === undefined) {
      this.#heard.delete(name);
      if (this.#store.get('leases', LEASES, name) === undefined) this.#leased.delete(name);
      return;
    }
    const node = objectOf('nodes', stored);
    if (this.#leased.has(name) && this.#isSilent(name, node)) {
      if (readyOf(node)?.status !== 'Unknown') await this.#silence(node);
      await this.#unreadyPods(name);
    }
    await this.#taint(name);
  }

  #isSilent(name: string, node: StoredKinds['nodes']): boolean {
    const { ms, isFirst } = this.#hear(name, node);
    const leftMs = silenceEndsMs(ms, isFirst) - performance.now();
    if (leftMs > 0) this.#queue.addLater(name, leftMs);
    return leftMs <= 0;
  }

  #hear(name: string, node: StoredKinds['nodes']): Heard {
    const lease = this.#store.get('leases', LEASES, name);
    const heartbeat = heartbeatOf(node, lease === undefined ? undefined : objectOf('leases', lease));
    const former = this.#heard.get(name);
    if (former?.heartbeat === heartbeat) return former;
    const heard = { heartbeat, ms: performance.now(), isFirst: former === undefined };
    this.#heard.set(name, heard);
    return heard;
  }

  async #silence({ metadata }: StoredKinds['nodes']): Promise<void> {
    const { name = '', uid = '' } = metadata;
    const now = formatTime(this.#context.now());
    await ignoring(
      isNotFound,
      this.#registry.change('nodes', '', name, (node) => silentNode(node, now), { subresource: 'status' }),
    );
    this.#context.logger.warn({ node: name }, 'node is not heard of any more; its pods get no traffic');
    this.#context.events.record({
      regarding: { kind: 'Node', apiVersion: 'v1', namespace: '', name, uid },
      type: 'Normal',
      reason: 'NodeNotReady',
      message: `Node ${name} status is now: NodeNotReady`,
      component: COMPONENT,
    });
  }

  async #taint(name: string): Promise<void> {
    const stored = this.#store.get('nodes', '', name);
    if (stored === undefined || isTaintedRight(objectOf('nodes', stored))) return;
    const now = formatTime(this.#context.now());
    const mend = (node: StoredKinds['nodes']) => (isTaintedRight(node) ? node : withRightTaints(node, now));
    await ignoring(isNotFound, this.#registry.change('nodes', '', name, mend));
  }

  async #unreadyPods(nodeName: string): Promise<void> {
    const now = formatTime(this.#context.now());
    for (const stored of this.#store.listBy('pods', 'nodeName', nodeName)) {
      if (!isReady(objectOf('pods', stored).status)) continue;
      await ignoring(
        isNotFound,
        this.#registry.change('pods', stored.namespace, stored.name, (pod) => unreadyPod(pod, now), {
          subresource: 'status',
        }),
      );
      this.#tellPod(stored);
    }
  }

  #tellPod({ namespace, name, uid }: StoredObject): void {
    this.#context.events.record({
      regarding: { kind: 'Pod', apiVersion: 'v1', namespace, name, uid },
      type: 'Warning',
      reason: 'NodeNotReady',
      message: 'Node is not ready',
      component: COMPONENT,
    });
  }
}

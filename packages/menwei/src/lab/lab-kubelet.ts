/**
 * What kubelets do for their nodes, for all nodes of a lab: registers nodes, reports the readiness of pods, ends pods that are
 * deleted.
 */
import type { NodeSpec, PodSpec } from '@menwei/lab/topology.ts';
import { TypedRegistry } from '../cluster/controllers/typed-registry.ts';
import { resourceOf } from '../cluster/kinds/resources.ts';
import type { Registry } from '../cluster/registry/registry.ts';
import { StatusError } from '../cluster/schema/status-error.ts';
import type { Store, StoreChange } from '../cluster/store/store.ts';
import {
  DEFAULT_NAMESPACE,
  type Machine,
  nodeObject,
  podObject,
  podStatus,
  type RunningPod,
  withDraining,
} from './lab-objects.ts';

const NODES = resourceOf('', 'nodes');
const PODS = resourceOf('', 'pods');
const NAMESPACES = resourceOf('', 'namespaces');

interface KubeletOptions {
  readonly registry: Registry;
  readonly store: Pick<Store, 'reader' | 'get'>;
  readonly machine: Machine;
  readonly nowMs: () => number;
  /** Ends a pod of the lab. */
  readonly removePod: (name: string) => Promise<void>;
}

export class LabKubelet {
  readonly #options: KubeletOptions;
  readonly #pods = new Map<string, RunningPod>();

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  /** Creates the Node objects and then the Pod objects. Throws StatusError for one that the cluster refuses. */
  async register(nodes: readonly NodeSpec[], pods: readonly PodSpec[]): Promise<void> {
    const { registry, machine, nowMs } = this.#options;
    for (const node of nodes) await registry.create(NODES, '', nodeObject(node, machine, nowMs()));
    for (const spec of pods) {
      const node = nodes.find(({ name }) => name === spec.node);
      if (node === undefined) throw new Error(`BUG: pod ${spec.name} is on no node`);
      const startedMs = nowMs();
      await this.#createPod({ spec, node, startedMs, isReady: spec.ready ?? true, sinceMs: startedMs });
    }
  }

  /**
   * Says that a pod is ready, or not.
   *
   * @returns whether there is such a pod
   * @throws StatusError when the cluster has no object of it, or refuses
   */
  async setReady(name: string, isReady: boolean): Promise<boolean> {
    const pod = this.#pods.get(name);
    if (pod === undefined) return false;
    const now = pod.isReady === isReady ? pod : { ...pod, isReady, sinceMs: this.#options.nowMs() };
    await this.#writeStatus(now);
    this.#pods.set(name, now);
    return true;
  }

  /**
   * Cordons a node and taints it, as the cluster autoscaler does with one that it is about to remove, or takes that back. Throws
   * StatusError when the cluster has no such node, or refuses.
   */
  async setDraining(node: string, isDraining: boolean): Promise<void> {
    const { registry, nowMs } = this.#options;
    await new TypedRegistry(registry).change('nodes', '', node, (object) =>
      withDraining(object, isDraining, nowMs()),
    );
  }

  /** As this kubelet has reported them. */
  unreadyPods(): ReadonlySet<string> {
    return new Set([...this.#pods].filter(([, { isReady }]) => !isReady).map(([name]) => name));
  }

  /** Ends pods whose objects are deleted, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const reader = this.#options.store.reader(['pods']);
    try {
      while (!signal.aborted) {
        for (const change of reader.take()) await this.#follow(change);
        await reader.changed(signal);
      }
    } finally {
      reader.close();
    }
  }

  async #createPod(pod: RunningPod): Promise<void> {
    const { registry, store } = this.#options;
    const { namespace = DEFAULT_NAMESPACE, name } = pod.spec;
    if (store.get('namespaces', '', namespace) === undefined) {
      const metadata = { name: namespace };
      await registry.create(NAMESPACES, '', { kind: 'Namespace', apiVersion: 'v1', metadata });
    }
    await registry.create(PODS, namespace, podObject(pod.spec));
    this.#pods.set(name, pod);
    await this.#writeStatus(pod);
  }

  async #writeStatus(pod: RunningPod): Promise<void> {
    const { name, namespace = DEFAULT_NAMESPACE } = pod.spec;
    const status = podStatus(pod);
    await this.#options.registry.change(PODS, namespace, name, (object) => ({ ...object, status }), {
      subresource: 'status',
    });
  }

  async #follow({ before, after }: StoreChange): Promise<void> {
    const name = (after ?? before)?.name ?? '';
    const pod = this.#pods.get(name);
    const { namespace = DEFAULT_NAMESPACE } = pod?.spec ?? {};
    if (pod === undefined || (after ?? before)?.namespace !== namespace) return;
    if (after !== undefined && !after.isBeingDeleted) return;
    this.#pods.delete(name);
    await this.#options.removePod(name);
    if (after === undefined) return;
    try {
      const preconditions = { uid: after.uid };
      await this.#options.registry.delete(PODS, namespace, name, { gracePeriodSeconds: 0, preconditions });
    } catch (error) {
      // Somebody else was faster, and another one of that name may be there already.
      if (!(error instanceof StatusError)) throw error;
    }
  }
}

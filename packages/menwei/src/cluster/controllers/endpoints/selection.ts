/** All Services with the pods that each of them selects, and the Nodes: what the controllers of endpoints work from. */
import type { StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { type NodeFacts, nodeFactsOf } from './node-facts.ts';
import { arePodsEqual, type PodFacts, podFactsOf } from './pod-facts.ts';
import { SelectorIndex } from './selector-index.ts';
import { areServicesEqual, type ServiceFacts, serviceFactsOf } from './service-facts.ts';

export interface SelectedService {
  readonly service: ServiceFacts;
  /** By their key. */
  readonly pods: ReadonlyMap<string, PodFacts>;
}

/** Is told which Services need to be looked at again. */
interface SelectionListener {
  /** One that was not there before. */
  created(service: ServiceFacts): void;
  /**
   * @param since when the readiness of the pod changed on which it shows, as RFC 3339; undefined if nothing tells
   */
  affected(serviceKey: string, since: string | undefined): void;
}

interface Entry {
  service: ServiceFacts;
  readonly pods: Map<string, PodFacts>;
}

/** The resources whose changes it is to be given. */
export const SELECTION_RESOURCES = ['nodes', 'services', 'pods'];

export class Selection {
  readonly #entries = new Map<string, Entry>();
  readonly #pods = new Map<string, PodFacts>();
  readonly #nodes = new Map<string, NodeFacts>();
  /** The pods of each Node, whether that is there or not. */
  readonly #podsByNode = new Map<string, Set<string>>();
  readonly #topologyAware = new Set<string>();
  readonly #index = new SelectorIndex<ServiceFacts, PodFacts>();
  readonly #listeners: SelectionListener[] = [];

  /** From now on. */
  tell(listener: SelectionListener): void {
    this.#listeners.push(listener);
  }

  get nodes(): ReadonlyMap<string, NodeFacts> {
    return this.#nodes;
  }

  /** How many pods and Services were looked at so far, to find those that belong together. */
  get looks(): number {
    return this.#index.looks;
  }

  /** Undefined: there is no such Service. */
  get(serviceKey: string): SelectedService | undefined {
    return this.#entries.get(serviceKey);
  }

  digest({ before, after }: StoreChange): void {
    const stored = after ?? before;
    if (stored?.resource === 'services') this.#digestService(stored, after);
    else if (stored?.resource === 'pods') this.#digestPod(stored, after);
    else if (stored?.resource === 'nodes') this.#digestNode(stored, after);
  }

  #digestService({ namespace, name }: StoredObject, after: StoredObject | undefined): void {
    const key = `${namespace}/${name}`;
    const former = this.#entries.get(key);
    const service = after === undefined ? undefined : serviceFactsOf(objectOf('services', after));
    if (former !== undefined && service !== undefined && areServicesEqual(former.service, service)) return;
    if (former !== undefined) this.#index.removeService(former.service);
    if (service === undefined) {
      this.#entries.delete(key);
      this.#topologyAware.delete(key);
      this.#affected(key);
      return;
    }
    this.#index.addService(service);
    if (service.isTopologyAware) this.#topologyAware.add(key);
    else this.#topologyAware.delete(key);
    if (former?.service.uid === service.uid) this.#reselect(former, service);
    else this.#select(service);
  }

  #select(service: ServiceFacts): void {
    const pods = new Map(this.#index.podsOf(service).map((pod) => [pod.key, pod]));
    this.#entries.set(service.key, { service, pods });
    for (const listener of this.#listeners) listener.created(service);
  }

  #reselect(entry: Entry, service: ServiceFacts): void {
    const isSame = JSON.stringify(entry.service.selector) === JSON.stringify(service.selector);
    entry.service = service;
    this.#affected(service.key);
    if (isSame) return;
    const former = new Set(entry.pods.keys());
    entry.pods.clear();
    for (const pod of this.#index.podsOf(service)) {
      entry.pods.set(pod.key, pod);
      if (!former.has(pod.key)) this.#affected(service.key, pod.readyChangedAt);
    }
  }

  #digestPod({ namespace, name }: StoredObject, after: StoredObject | undefined): void {
    const key = `${namespace}/${name}`;
    const former = this.#pods.get(key);
    const pod = after === undefined ? undefined : podFactsOf(after);
    if (former !== undefined && pod !== undefined && arePodsEqual(former, pod)) return;
    const selecting = new Set<ServiceFacts>();
    if (former !== undefined) {
      for (const service of this.#removePod(former)) selecting.add(service);
    }
    if (pod !== undefined) {
      for (const service of this.#addPod(pod)) selecting.add(service);
    }
    const since = pod?.readyChangedAt === former?.readyChangedAt ? undefined : pod?.readyChangedAt;
    for (const service of selecting) this.#affected(service.key, since);
  }

  #removePod(pod: PodFacts): readonly ServiceFacts[] {
    this.#pods.delete(pod.key);
    this.#index.removePod(pod);
    const onNode = this.#podsByNode.get(pod.nodeName);
    onNode?.delete(pod.key);
    if (onNode?.size === 0) this.#podsByNode.delete(pod.nodeName);
    const services = this.#index.servicesOf(pod);
    for (const { key } of services) this.#entries.get(key)?.pods.delete(pod.key);
    return services;
  }

  #addPod(pod: PodFacts): readonly ServiceFacts[] {
    this.#pods.set(pod.key, pod);
    this.#index.addPod(pod);
    const onNode = this.#podsByNode.get(pod.nodeName) ?? new Set();
    this.#podsByNode.set(pod.nodeName, onNode.add(pod.key));
    const services = this.#index.servicesOf(pod);
    for (const { key } of services) this.#entries.get(key)?.pods.set(pod.key, pod);
    return services;
  }

  #digestNode({ name }: StoredObject, after: StoredObject | undefined): void {
    const former = this.#nodes.get(name);
    const node = after === undefined ? undefined : nodeFactsOf(objectOf('nodes', after));
    if (JSON.stringify(former) === JSON.stringify(node)) return;
    if (node === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, node);
    for (const key of this.#topologyAware) this.#affected(key);
    if (former !== undefined && node !== undefined && former.zone === node.zone) return;
    for (const podKey of this.#podsByNode.get(name) ?? []) {
      const pod = this.#pods.get(podKey);
      if (pod === undefined) continue;
      for (const { key } of this.#index.servicesOf(pod)) this.#affected(key);
    }
  }

  #affected(serviceKey: string, since?: string): void {
    for (const listener of this.#listeners) listener.affected(serviceKey, since);
  }
}

/** Ends pods that nobody else will end: their Node is gone, or nothing runs there that could (cluster § 11.8). */
import type { Component } from '../../../agent/component.ts';
import type { StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { isNotFound } from '../failures.ts';
import { repeat } from '../repeat.ts';
import { TypedRegistry } from '../typed-registry.ts';
import { type NodeState, type PodState, podGarbage } from './pod-garbage.ts';

const NAME = 'pod-garbage-collector';
const CHECK_MS = 20_000;
/** A Node that comes back within this time finds its pods. */
const NODE_RETURNS_MS = 40_000;

export function podGarbageCollector(context: ControllerContext): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const collector = new PodGarbageCollector(context);
    return {
      resources: ['pods'],
      digest: (change) => collector.digest(change),
      queues: [{ queue, work: (key) => collector.work(key) }],
      meanwhile: (signal) =>
        repeat(CHECK_MS, signal, () => {
          for (const key of collector.look()) queue.add(key);
        }),
    };
  });
}

class PodGarbageCollector {
  readonly #context: ControllerContext;
  readonly #registry: TypedRegistry;
  /** Those that are being deleted, and those that are finished. */
  readonly #ending = new Map<string, PodState>();
  /** How many pods each Node has, whether that is there or not. */
  readonly #podsOfNode = new Map<string, number>();
  /** Since when Nodes of pods are missed, on the clock that does not jump. */
  readonly #missedSinceMs = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#registry = new TypedRegistry(context.registry);
  }

  digest({ before, after }: StoreChange): void {
    if (before !== undefined) {
      this.#ending.delete(keyOf(before));
      this.#count(nodeOf(before), -1);
    }
    if (after === undefined) return;
    this.#count(nodeOf(after), 1);
    if (after.isBeingDeleted || isFinished(after)) this.#ending.set(keyOf(after), stateOf(after));
  }

  /** @returns keys of pods to be ended */
  look(): readonly string[] {
    const { store, now } = this.#context;
    const states = new Map(Array.from(this.#podsOfNode.keys(), (name) => [name, this.#nodeState(name)]));
    for (const name of this.#missedSinceMs.keys()) if (!states.has(name)) this.#missedSinceMs.delete(name);
    const onGone = Array.from(states).flatMap(([name, state]) =>
      state === 'gone' ? Array.from(store.listBy('pods', 'nodeName', name), stateOf) : [],
    );
    return podGarbage([...onGone, ...this.#ending.values()], (name) => states.get(name) ?? 'away', now());
  }

  async work(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const stored = this.#context.store.get('pods', namespace, name);
    if (stored === undefined) return;
    const { uid } = stored;
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid } };
      const { isGone } = await this.#registry.delete('pods', namespace, name, options);
      if (isGone)
        this.#context.logger.info({ pod: key }, 'pod was removed: nothing was left that would end it');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #count(nodeName: string, change: number): void {
    const count = (this.#podsOfNode.get(nodeName) ?? 0) + change;
    if (count === 0) this.#podsOfNode.delete(nodeName);
    else if (nodeName !== '') this.#podsOfNode.set(nodeName, count);
  }

  #nodeState(name: string): NodeState {
    const { store } = this.#context;
    if (store.get('nodes', '', name) !== undefined) {
      this.#missedSinceMs.delete(name);
      return store.get('leases', 'kube-node-lease', name) === undefined ? 'unattended' : 'attended';
    }
    const nowMs = performance.now();
    const sinceMs = this.#missedSinceMs.get(name) ?? nowMs;
    this.#missedSinceMs.set(name, sinceMs);
    return nowMs - sinceMs > NODE_RETURNS_MS ? 'gone' : 'away';
  }
}

function keyOf({ namespace, name }: StoredObject): string {
  return `${namespace}/${name}`;
}

function nodeOf({ fields }: StoredObject): string {
  return fields['spec.nodeName'] ?? '';
}

function isFinished({ fields }: StoredObject): boolean {
  return fields['status.phase'] === 'Succeeded' || fields['status.phase'] === 'Failed';
}

function stateOf(stored: StoredObject): PodState {
  const { creationTimestamp = '', deletionTimestamp } = objectOf('pods', stored).metadata;
  return {
    key: keyOf(stored),
    nodeName: nodeOf(stored),
    createdAt: creationTimestamp,
    isFinished: isFinished(stored),
    endsMs: deletionTimestamp === undefined ? undefined : Date.parse(deletionTimestamp),
  };
}

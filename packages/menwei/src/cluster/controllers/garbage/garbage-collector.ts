/** Deletes what belonged to objects that are gone, at once; ends deletions that wait for it (cluster § 11.7). */
import type { Component } from '../../../agent/component.ts';
import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import type { Resource } from '../../kinds/resource.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../../registry/deletion.ts';
import type { DeleteOptions } from '../../registry/registry.ts';
import { storedAs } from '../../registry/stored-form.ts';
import { type ApiObject, apiVersionOf, type OwnerReference } from '../../schema/object.ts';
import { keyOf } from '../../store/objects.ts';
import type { Store, StoreChange, StoredObject } from '../../store/store.ts';
import { parseStored } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { ignoring, isNotFound, isOvertaken } from '../failures.ts';
import { STORED_RESOURCES, storedResource } from '../typed-registry.ts';
import { judgeOwners, type OwnerState } from './owners.ts';

const NAME = 'garbage-collector';

/** Follows objects of all resources. */
export function garbageCollector(context: ControllerContext): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const collector = new GarbageCollector(context, queue);
    return {
      resources: STORED_RESOURCES.map(storedAs),
      digest: (change) => collector.digest(change),
      queues: [{ queue, work: (key) => collector.work(key) }],
    };
  });
}

class GarbageCollector {
  readonly #context: ControllerContext;
  readonly #store: Store;
  readonly #queue: WorkQueue;
  /** Owners that wait for the last of what blocks their deletion: their keys, by uid. */
  readonly #blocked = new Map<string, string>();

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#store = context.store;
    this.#queue = queue;
  }

  digest({ before, after }: StoreChange): void {
    if (before !== undefined && before.uid !== after?.uid) {
      this.#blocked.delete(before.uid);
      for (const dependant of this.#store.ownedBy(before.uid)) this.#queue.add(keyOf(dependant));
    }
    for (const uid of before?.ownerUids ?? []) {
      const owner = this.#blocked.get(uid);
      if (owner !== undefined) this.#queue.add(owner);
    }
    if (after === undefined) return;
    if (after.isBeingDeleted || isOwnedAnew(before, after)) this.#queue.add(keyOf(after));
  }

  async work(key: string): Promise<void> {
    // Names and namespaces hold no slash.
    const [resource = '', namespace = '', name = ''] = key.split('/');
    const stored = this.#store.get(resource, namespace, name);
    if (stored === undefined) return;
    const object = parseStored(stored);
    const { finalizers = [] } = object.metadata;
    if (stored.isBeingDeleted && finalizers.includes(ORPHAN_FINALIZER)) await this.#orphan(stored);
    else if (stored.isBeingDeleted && finalizers.includes(FOREGROUND_FINALIZER))
      await this.#endForeground(stored);
    else if (!stored.isBeingDeleted && stored.ownerUids.length > 0) await this.#judge(stored, object);
  }

  async #judge(stored: StoredObject, { metadata }: ApiObject): Promise<void> {
    const references = metadata.ownerReferences ?? [];
    const owners = references.map((reference) => ({ reference, state: this.#stateOf(stored, reference) }));
    const verdict = judgeOwners(owners);
    if (verdict.action === 'keep') return;
    if (verdict.action === 'release') return this.#release(stored, verdict.uids);
    this.#tellOfOtherNamespaces(stored, references);
    const { finalizers = [] } = metadata;
    await this.#delete(stored, {
      propagationPolicy: policyFor(
        finalizers,
        owners.some(({ state }) => state === 'ending'),
        this.#owns(stored),
      ),
    });
  }

  #stateOf({ namespace }: StoredObject, reference: OwnerReference): OwnerState {
    const resource = resourceOfReference(reference);
    // What has no namespace can't be owned by what has one: that is not for us to settle by deleting it.
    if (resource === undefined || (resource.isNamespaced && namespace === '')) return 'unknown';
    const ownNamespace = resource.isNamespaced ? namespace : '';
    const owner = this.#store.get(storedAs(resource), ownNamespace, reference.name ?? '');
    // Another one of its name does not own it.
    if (owner === undefined || owner.uid !== reference.uid) return 'gone';
    return isEnding(owner) ? 'ending' : 'there';
  }

  /** The owner is there, and can't own what is elsewhere. */
  #tellOfOtherNamespaces(stored: StoredObject, references: readonly OwnerReference[]): void {
    for (const reference of references) {
      const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
      const resource = resourceOfReference(reference);
      if (resource?.isNamespaced !== true) continue;
      for (const { name: namespace } of this.#store.list('namespaces')) {
        if (namespace === stored.namespace) continue;
        if (this.#store.get(storedAs(resource), namespace, name)?.uid !== uid) continue;
        const { kind: ownKind, apiVersion: ownVersion } = parseStored(stored);
        this.#context.events.record({
          regarding: {
            kind: ownKind,
            apiVersion: ownVersion,
            namespace: stored.namespace,
            name: stored.name,
            uid: stored.uid,
          },
          type: 'Warning',
          reason: 'OwnerRefInvalidNamespace',
          message: `ownerRef [${apiVersion}/${kind}, namespace: ${stored.namespace}, name: ${name}, uid: ${uid}] does not exist in namespace ${JSON.stringify(stored.namespace)}`,
          component: 'garbage-collector-controller',
        });
      }
    }
  }

  /** Deletes what it owns, and when nothing is left that blocks, lets it go. */
  async #endForeground(owner: StoredObject): Promise<void> {
    const dependants = [...this.#store.ownedBy(owner.uid)];
    for (const dependant of dependants) this.#queue.add(keyOf(dependant));
    if (dependants.some((dependant) => blocks(dependant, owner))) {
      this.#blocked.set(owner.uid, keyOf(owner));
      return;
    }
    this.#blocked.delete(owner.uid);
    await this.#removeFinalizer(owner, FOREGROUND_FINALIZER);
  }

  async #orphan(owner: StoredObject): Promise<void> {
    for (const dependant of this.#store.ownedBy(owner.uid)) await this.#release(dependant, [owner.uid]);
    await this.#removeFinalizer(owner, ORPHAN_FINALIZER);
  }

  #owns({ uid }: StoredObject): boolean {
    for (const _ of this.#store.ownedBy(uid)) return true;
    return false;
  }

  #release(stored: StoredObject, uids: readonly string[]): Promise<void> {
    return this.#change(stored, (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        ownerReferences: (object.metadata.ownerReferences ?? []).filter(
          ({ uid = '' }) => !uids.includes(uid),
        ),
      },
    }));
  }

  #removeFinalizer(stored: StoredObject, finalizer: string): Promise<void> {
    return this.#change(stored, (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        finalizers: (object.metadata.finalizers ?? []).filter((each) => each !== finalizer),
      },
    }));
  }

  async #change(stored: StoredObject, change: (object: ApiObject) => ApiObject): Promise<void> {
    const { resource, namespace, name, uid } = stored;
    const ofSame = (object: ApiObject) => (object.metadata.uid === uid ? change(object) : object);
    await ignoring(
      isNotFound,
      this.#context.registry.change(storedResource(resource), namespace, name, ofSame),
    );
  }

  async #delete({ resource, namespace, name, uid }: StoredObject, options: DeleteOptions): Promise<void> {
    const all = { ...options, preconditions: { uid } };
    await ignoring(
      isOvertaken,
      this.#context.registry.delete(storedResource(resource), namespace, name, all),
    );
  }
}

const BY_KIND = new Map(
  STORED_RESOURCES.map((resource) => [kindKey(apiVersionOf(resource), resource.kind), resource]),
);

function kindKey(apiVersion: string, kind: string): string {
  return `${apiVersion} ${kind}`;
}

function resourceOfReference({ apiVersion = '', kind = '' }: OwnerReference): Resource | undefined {
  return BY_KIND.get(kindKey(apiVersion, kind));
}

function isOwnedAnew(before: StoredObject | undefined, after: StoredObject): boolean {
  if (after.ownerUids.length === 0) return false;
  return before?.uid !== after.uid || after.ownerUids.some((uid) => !before.ownerUids.includes(uid));
}

/** It waits for what it owns to go first. */
function isEnding(owner: StoredObject): boolean {
  return (
    owner.isBeingDeleted && parseStored(owner).metadata.finalizers?.includes(FOREGROUND_FINALIZER) === true
  );
}

function blocks(dependant: StoredObject, { uid }: StoredObject): boolean {
  const references = parseStored(dependant).metadata.ownerReferences ?? [];
  return references.some((each) => each.uid === uid && each.blockOwnerDeletion === true);
}

/** As the object itself asks for; in the foreground if an owner waits for it and it has dependants of its own. */
function policyFor(
  finalizers: readonly string[],
  isAwaited: boolean,
  hasDependants: boolean,
): NonNullable<DeleteOptions['propagationPolicy']> {
  if (finalizers.includes(ORPHAN_FINALIZER)) return 'Orphan';
  if (finalizers.includes(FOREGROUND_FINALIZER) || (isAwaited && hasDependants)) return 'Foreground';
  return 'Background';
}

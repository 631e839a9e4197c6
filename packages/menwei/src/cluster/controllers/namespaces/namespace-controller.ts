/** Ends namespaces that are being deleted: pods first, then the rest, then the namespace (cluster § 10.4). */
import type { Component } from '../../../agent/component.ts';
import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import type { Resource } from '../../kinds/resource.ts';
import { storedAs } from '../../registry/stored-form.ts';
import { formatTime } from '../../schema/time.ts';
import type { Store, StoreChange, StoredObject } from '../../store/store.ts';
import { type objectOf, parseStored } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { ignoring, isOvertaken, messageOf } from '../failures.ts';
import { STORED_RESOURCES, TypedRegistry } from '../typed-registry.ts';
import { deletionConditions, type Remainder } from './namespace-deletion.ts';

const NAME = 'namespace-controller';
const FINALIZER = 'kubernetes';

const CONTENTS = STORED_RESOURCES.filter(({ isNamespaced }) => isNamespaced);
const PODS = CONTENTS.filter(({ resource }) => resource === 'pods');
const ALL_BUT_PODS = CONTENTS.filter(({ resource }) => resource !== 'pods');

export function namespaceController(context: ControllerContext): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const controller = new NamespaceController(context, queue);
    return {
      resources: ['namespaces', ...CONTENTS.map(storedAs)],
      digest: (change, wasThere) => controller.digest(change, wasThere),
      queues: [{ queue, work: (name) => controller.work(name) }],
    };
  });
}

class NamespaceController {
  readonly #context: ControllerContext;
  readonly #store: Store;
  readonly #registry: TypedRegistry;
  readonly #queue: WorkQueue;

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#store = context.store;
    this.#registry = new TypedRegistry(context.registry);
    this.#queue = queue;
  }

  digest({ before, after }: StoreChange, wasThere: boolean): void {
    const stored = after ?? before;
    if (stored === undefined) return;
    if (stored.resource === 'namespaces') {
      if (after?.isBeingDeleted === true) this.#queue.add(after.name);
    } else if (wasThere) {
      // The namespace itself is, too.
      return;
    } else if (this.#store.get('namespaces', '', stored.namespace)?.isBeingDeleted === true) {
      // Something has gone, or has lost what held it.
      this.#queue.add(stored.namespace);
    }
  }

  async work(name: string): Promise<void> {
    const stored = this.#store.get('namespaces', '', name);
    if (stored?.isBeingDeleted !== true) return;
    const failure = await this.#empty(name);
    // What comes after the pods is not looked at before they are gone.
    const looked = this.#store.count('pods', name) > 0 ? PODS : CONTENTS;
    const remainders = looked.flatMap((resource) =>
      remainderOf(resource, this.#store.list(storedAs(resource), name)),
    );
    if (remainders.length === 0) await this.#finalize(stored);
    else await this.#report(stored, remainders, failure);
    if (failure !== undefined) throw new Error(`can't delete what is in namespace ${name}: ${failure}`);
  }

  /** Returns what went wrong. */
  async #empty(namespace: string): Promise<string | undefined> {
    const failures = await this.#deleteAll(PODS, namespace);
    const podsAreLeft = this.#store.count('pods', namespace) > 0;
    if (!podsAreLeft) failures.push(...(await this.#deleteAll(ALL_BUT_PODS, namespace)));
    return failures.length === 0 ? undefined : failures.join(', ');
  }

  async #deleteAll(resources: readonly Resource[], namespace: string): Promise<string[]> {
    const failures: string[] = [];
    for (const resource of resources) {
      if (this.#store.count(storedAs(resource), namespace) === 0) continue;
      try {
        await this.#context.registry.deleteCollection(
          resource,
          namespace,
          ({ isBeingDeleted }) => !isBeingDeleted,
        );
      } catch (error) {
        failures.push(messageOf(error));
      }
    }
    return failures;
  }

  async #finalize({ name, uid }: StoredObject): Promise<void> {
    await this.#change(name, uid, 'finalize', (namespace) => ({
      ...namespace,
      spec: {
        ...namespace.spec,
        finalizers: (namespace.spec?.finalizers ?? []).filter((each) => each !== FINALIZER),
      },
    }));
  }

  async #report(
    { name, uid }: StoredObject,
    remainders: readonly Remainder[],
    failure: string | undefined,
  ): Promise<void> {
    const now = formatTime(this.#context.now());
    await this.#change(name, uid, 'status', (namespace) => ({
      ...namespace,
      status: {
        ...namespace.status,
        conditions: deletionConditions(remainders, failure, namespace.status?.conditions ?? [], now),
      },
    }));
  }

  async #change(
    name: string,
    uid: string,
    subresource: 'status' | 'finalize',
    change: (namespace: Namespace) => Namespace,
  ): Promise<void> {
    const ofSame = (namespace: Namespace) => (namespace.metadata.uid === uid ? change(namespace) : namespace);
    await ignoring(isOvertaken, this.#registry.change('namespaces', '', name, ofSame, { subresource }));
  }
}

type Namespace = ReturnType<typeof objectOf<'namespaces'>>;

function remainderOf({ resource, group }: Resource, objects: Iterable<StoredObject>): readonly Remainder[] {
  const finalizers = new Map<string, number>();
  let count = 0;
  for (const stored of objects) {
    count++;
    for (const name of parseStored(stored).metadata.finalizers ?? [])
      finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  return count === 0 ? [] : [{ resource, group, count, finalizers }];
}

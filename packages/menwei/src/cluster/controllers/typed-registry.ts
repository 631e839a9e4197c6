/** The registry for controllers, who know the kind of what they write by the name of its resource. */
import type { Resource } from '../kinds/resource.ts';
import { RESOURCES } from '../kinds/resources.ts';
import type { StoredKinds } from '../kinds/stored-kinds.ts';
import type {
  DeleteOptions,
  DeleteResult,
  Registry,
  UpdateOptions,
  WriteResult,
} from '../registry/registry.ts';
import type { ApiObject } from '../schema/object.ts';

const BY_NAME = new Map(
  RESOURCES.toReversed().flatMap((resource) =>
    resource.storedAs === undefined ? [] : [[resource.storedAs, resource] as const],
  ),
);

/** By the name in the store; of two that share one, the core group's. */
export function storedResource(name: string): Resource {
  const resource = BY_NAME.get(name);
  if (resource === undefined) throw new Error(`BUG: nothing is stored as ${name}`);
  return resource;
}

/** One for each name in the store. */
export const STORED_RESOURCES: readonly Resource[] = [...BY_NAME.values()].reverse();

/** {@link Registry} with objects of the kinds’ types. Each method rejects with a StatusError as that does. */
export class TypedRegistry {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** In the namespace that the object's metadata names. */
  create<Name extends keyof StoredKinds>(name: Name, object: StoredKinds[Name]): Promise<WriteResult> {
    return this.#registry.create(storedResource(name), object.metadata.namespace ?? '', object);
  }

  /** Refused if the object has changed since it had the resourceVersion that its metadata names. */
  update<Name extends keyof StoredKinds>(
    name: Name,
    object: StoredKinds[Name],
    options?: UpdateOptions,
  ): Promise<WriteResult> {
    const { namespace = '', name: objectName = '' } = object.metadata;
    return this.#registry.update(storedResource(name), namespace, objectName, object, options);
  }

  change<Name extends keyof StoredKinds>(
    name: Name,
    namespace: string,
    objectName: string,
    change: (current: StoredKinds[Name]) => StoredKinds[Name],
    options?: UpdateOptions,
  ): Promise<WriteResult> {
    // What the registry gives is of the kind that was asked for.
    const untyped = change as (current: ApiObject) => ApiObject;
    return this.#registry.change(storedResource(name), namespace, objectName, untyped, options);
  }

  delete(
    name: keyof StoredKinds,
    namespace: string,
    objectName: string,
    options?: DeleteOptions,
  ): Promise<DeleteResult> {
    return this.#registry.delete(storedResource(name), namespace, objectName, options);
  }
}

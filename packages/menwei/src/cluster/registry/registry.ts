/** Every write of an object, by a client or a controller, goes this way (cluster § 7). */
import type { Resource } from '../kinds/resource.ts';
import type { ApiObject } from '../schema/object.ts';
import type { StoredObject } from '../store/store.ts';

/** What a request asks for besides the object. */
export interface WriteOptions {
  readonly isDryRun?: boolean;
}

/** Of a PUT or PATCH, also of a subresource. */
export interface UpdateOptions extends WriteOptions {
  /** `''` for the object itself. */
  readonly subresource?: '' | 'status' | 'finalize' | 'binding';
  /** Of `/status`: an update that changes metadata, too, is refused. */
  readonly statusAlone?: boolean;
}

/** What a DELETE may carry (meta/v1 DeleteOptions). */
export interface DeleteOptions extends WriteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** What a create or an update is answered with. */
export interface WriteResult {
  readonly stored: StoredObject;
  readonly isNew: boolean;
  /** For `Warning` headers. */
  readonly warnings: readonly string[];
}

/** What a DELETE is answered with. */
export interface DeleteResult {
  /** As it is now if it stays for its finalizers or grace; as it was if it is gone. */
  readonly stored: StoredObject;
  readonly isGone: boolean;
}

/** Any of these may reject with a `StatusError`. Objects given are decoded, not defaulted. */
export interface Registry {
  create(
    resource: Resource,
    namespace: string,
    object: ApiObject,
    options?: WriteOptions,
  ): Promise<WriteResult>;
  /** PUT; the object's name is `name`. */
  update(
    resource: Resource,
    namespace: string,
    name: string,
    object: ApiObject,
    options?: UpdateOptions,
  ): Promise<WriteResult>;
  /**
   * PATCH, and a controller's read-change-write: `change` gets the object as it is, and gives it as it should be. It may be called
   * again, and may throw a `StatusError`.
   */
  change(
    resource: Resource,
    namespace: string,
    name: string,
    change: (current: ApiObject) => ApiObject,
    options?: UpdateOptions,
  ): Promise<WriteResult>;
  delete(resource: Resource, namespace: string, name: string, options?: DeleteOptions): Promise<DeleteResult>;
  /** Each by itself, those that `matches` says yes to. */
  deleteCollection(
    resource: Resource,
    namespace: string | undefined,
    matches: (stored: StoredObject) => boolean,
    options?: DeleteOptions,
  ): Promise<readonly StoredObject[]>;
}

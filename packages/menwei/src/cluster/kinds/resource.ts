/** What the API server knows of one resource (cluster § 3.2). */
import type { Messages } from '../schema/messages.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** One of `RESOURCES`: there are no others, so that it can be compared by identity. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: 'v1' | 'v1alpha1' | 'v1beta1';
  /** Plural, in paths: `services`. */
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly Verb[];
  /** `status`, `finalize`, `eviction` …; what each takes and gives is `api/`'s business. */
  readonly subresources: readonly string[];
  /** The message that describes it in the schema table. */
  readonly message: keyof Messages;
  /**
   * The name of its objects in the store: the same for two resources that are two shapes of one object (Events), absent for one
   * whose objects are answered and not kept (reviews).
   */
  readonly storedAs?: string;
  /** The message of its objects in the store, where another resource's is kept. */
  readonly storedMessage?: keyof Messages;
}

/** What every object has, whatever its kind. */
import type { Messages } from './messages.ts';

export type ObjectMeta = Messages['meta.ObjectMeta'];
export type OwnerReference = Messages['meta.OwnerReference'];

/**
 * An object as the API has it, with all that it was decoded to. It is plain data without prototypes, never changed in place. One
 * that is known to be of a kind is of that kind's type in {@link Messages}.
 */
export interface ApiObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
}

/** `v1`, `discovery.k8s.io/v1`. @param group empty for the core group */
export function apiVersionOf({
  group,
  version,
}: {
  readonly group: string;
  readonly version: string;
}): string {
  return group === '' ? version : `${group}/${version}`;
}

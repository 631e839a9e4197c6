/** What becomes of an object whose owners go (cluster § 11.7). Pure: what is known of each owner is given. */
import type { OwnerReference } from '../../schema/object.ts';

/**
 * - `there`: it exists
 * - `ending`: it exists, is being deleted, and waits for what it owns to go first
 * - `gone`: nobody has its uid any more
 * - `unknown`: of a kind that is not kept here, which says nothing
 */
export type OwnerState = 'there' | 'ending' | 'gone' | 'unknown';

type OwnerVerdict =
  | { readonly action: 'keep' }
  | { readonly action: 'delete' }
  /** It belongs to others still. */
  | { readonly action: 'release'; readonly uids: readonly string[] };

/** @param owners each reference with what is known of it; at least one */
export function judgeOwners(
  owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[],
): OwnerVerdict {
  const lost = owners.filter(({ state }) => state === 'gone' || state === 'ending');
  if (lost.length === 0) return { action: 'keep' };
  if (lost.length === owners.length) return { action: 'delete' };
  return {
    action: 'release',
    uids: lost.flatMap(({ reference: { uid } }) => (uid === undefined ? [] : [uid])),
  };
}

/** What a DELETE makes of an object (cluster § 7.4): gone at once, or marked and left to whoever holds it. Pure. */
import type { Messages } from '../schema/messages.ts';
import type { ApiObject } from '../schema/object.ts';
import { formatTime } from '../schema/time.ts';
import type { DeleteOptions } from './registry.ts';

/** The garbage collector's: it lets the dependents go before the object goes. */
export const ORPHAN_FINALIZER = 'orphan';
/** The garbage collector's: the object goes after its dependents. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

const DEFAULT_POD_GRACE_SECONDS = 30;

/** What is left to do. */
interface Deletion {
  /** As it is to be written; the same object if nothing of it changes. */
  readonly object: ApiObject;
  /** It goes right after that. */
  readonly isGone: boolean;
}

/** @param countsGeneration the mark of deletion is a change that is counted */
export function planDeletion(
  resource: string,
  object: ApiObject,
  options: DeleteOptions,
  nowMs: number,
  countsGeneration: boolean,
): Deletion {
  const held = withFinalizers(object, options);
  const isMarkedAnyway = (held.metadata.finalizers ?? []).length > 0 || hasGrace(resource);
  if (!isMarkedAnyway) return { object, isGone: true };
  const marked = markDeleted(resource, held, options, nowMs, countsGeneration);
  return { object: marked, isGone: isReleased(marked) };
}

/** Nothing holds an object any longer that is to be deleted. */
export function isReleased(object: ApiObject): boolean {
  const { metadata } = object;
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    (object.kind !== 'Namespace' || namespaceFinalizers(object).length === 0)
  );
}

/** Pods have time to end, and a Namespace stays until its contents are gone. */
function hasGrace(resource: string): boolean {
  return resource === 'pods' || resource === 'namespaces';
}

function withFinalizers(object: ApiObject, { propagationPolicy: policy }: DeleteOptions): ApiObject {
  const before = object.metadata.finalizers ?? [];
  const wanted: Readonly<Record<string, boolean>> = {
    [ORPHAN_FINALIZER]: policy === undefined ? before.includes(ORPHAN_FINALIZER) : policy === 'Orphan',
    [FOREGROUND_FINALIZER]:
      policy === undefined ? before.includes(FOREGROUND_FINALIZER) : policy === 'Foreground',
  };
  const kept = before.filter((finalizer) => wanted[finalizer] ?? true);
  const added = Object.keys(wanted).filter((finalizer) => wanted[finalizer] && !before.includes(finalizer));
  if (kept.length === before.length && added.length === 0) return object;
  return { ...object, metadata: { ...object.metadata, finalizers: [...kept, ...added] } };
}

function markDeleted(
  resource: string,
  object: ApiObject,
  options: DeleteOptions,
  nowMs: number,
  countsGeneration: boolean,
): ApiObject {
  const { metadata } = object;
  if (metadata.deletionTimestamp !== undefined) return shortenGrace(object, options);
  const graceSeconds = resource === 'pods' ? podGraceSeconds(object, options) : 0;
  const marked = {
    ...object,
    metadata: {
      ...metadata,
      deletionTimestamp: formatTime(nowMs + graceSeconds * 1000),
      // A Namespace has none: what it waits for is its contents.
      ...(resource === 'namespaces' ? {} : { deletionGracePeriodSeconds: graceSeconds }),
      ...(countsGeneration ? { generation: (metadata.generation ?? 0) + 1 } : {}),
    },
  };
  return resource === 'namespaces'
    ? { ...marked, ...{ status: { ...statusOf(object), phase: 'Terminating' } } }
    : marked;
}

/** A longer grace than the one that runs already is ignored. */
function shortenGrace(object: ApiObject, { gracePeriodSeconds }: DeleteOptions): ApiObject {
  const { deletionTimestamp = '', deletionGracePeriodSeconds: before = 0 } = object.metadata;
  const asked = gracePeriodSeconds === undefined ? before : leastGrace(gracePeriodSeconds);
  if (asked >= before) return object;
  const endsMs = Date.parse(deletionTimestamp) - (before - asked) * 1000;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: formatTime(endsMs),
      deletionGracePeriodSeconds: asked,
    },
  };
}

/** None for a pod that runs nowhere, or no more. */
function podGraceSeconds(pod: ApiObject & Partial<Messages['core.v1.Pod']>, options: DeleteOptions): number {
  const isIdle = (pod.spec?.nodeName ?? '') === '' || /^(Succeeded|Failed)$/.test(pod.status?.phase ?? '');
  if (isIdle) return 0;
  return leastGrace(
    options.gracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_POD_GRACE_SECONDS,
  );
}

/** A negative number of seconds stands for the least that is not none. */
function leastGrace(seconds: number): number {
  return seconds < 0 ? 1 : seconds;
}

function namespaceFinalizers(
  namespace: ApiObject & Partial<Messages['core.v1.Namespace']>,
): readonly string[] {
  return namespace.spec?.finalizers ?? [];
}

function statusOf(object: ApiObject & { readonly status?: object }): object {
  return object.status ?? {};
}

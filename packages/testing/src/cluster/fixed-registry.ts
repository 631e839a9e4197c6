/** A registry over a store in memory, whose clock, uids and random numbers are known: for tests of single writes. */
import type { WriteHook } from 'menwei/cluster/allocation/write-hook.ts';
import { resourceOf } from 'menwei/cluster/kinds/resources.ts';
import { ObjectRegistry } from 'menwei/cluster/registry/object-registry.ts';
import type { ApiObject, ObjectMeta } from 'menwei/cluster/schema/object.ts';
import { StatusError } from 'menwei/cluster/schema/status-error.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import type { Store, StoredObject } from 'menwei/cluster/store/store.ts';
import { parseStored } from 'menwei/cluster/store/stored-object.ts';

/** What the clock says until a test says something else. */
export const FIXED_NOW = '2026-11-30T05:41:54Z';

interface FixedRegistry {
  readonly store: Store;
  readonly registry: ObjectRegistry;
  readonly clock: { nowMs: number };
}

interface FixedRegistryOptions {
  /** By the name of the resource in the store. */
  readonly hooks?: Readonly<Record<string, readonly WriteHook[]>>;
  readonly random?: () => number;
}

/** With the namespaces `default` and `tab`. */
export async function openFixedRegistry(options: FixedRegistryOptions = {}): Promise<FixedRegistry> {
  const { hooks = {}, random = () => 0.5 } = options;
  const store = openMemoryStore();
  const clock = { nowMs: Date.parse(FIXED_NOW) };
  let uids = 0;
  const registry = new ObjectRegistry({
    store,
    hooks,
    nowMs: () => clock.nowMs,
    newUid: () => `00000000-0000-4000-8000-${String(++uids).padStart(12, '0')}`,
    random,
  });
  for (const name of ['default', 'tab']) {
    await registry.create(resourceOf('', 'namespaces'), '', newObject('v1', 'Namespace', name));
  }
  return { store, registry, clock };
}

/** @param rest may have metadata besides the name */
export function newObject(apiVersion: string, kind: string, name: string, rest: object = {}): ApiObject {
  return { apiVersion, kind, ...rest, metadata: { name, ...metadataOf(rest) } };
}

function metadataOf({ metadata = {} }: { readonly metadata?: ObjectMeta }): ObjectMeta {
  return metadata;
}

export function readStored(stored: StoredObject | undefined): Record<string, unknown> & ApiObject {
  if (stored === undefined) throw new Error('there is no such object');
  return { ...parseStored(stored) };
}

/** How a write is refused: `404 configmaps "c" not found`. */
export async function refusalOf(write: Promise<unknown>): Promise<string> {
  const error = await write.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StatusError)) throw new Error(`not refused: ${error}`);
  return `${error.code} ${error.message}`;
}

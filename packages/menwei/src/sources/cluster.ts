/** Services, EndpointSlices, Nodes and ServiceCIDRs from the store of a cluster in the same process: nothing in between. */
import type { Store, StoreChange, StoredObject } from '../cluster/store/store.ts';
import { Complaints } from '../kubernetes/complaints.ts';
import {
  type Decoded,
  decodeEndpointSlice,
  decodeNode,
  decodeOrReport,
  decodeService,
  decodeServiceCIDR,
} from '../kubernetes/decode.ts';
import { type ObjectRef, refKey, type WatchedObject } from '../kubernetes/objects.ts';
import { EventLoopTurn } from '../scheduling/event-loop.ts';
import { parseObjectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { ObjectWriter } from './object-writer.ts';
import type { ObjectSource, SourceReports } from './source.ts';

interface ClusterSourceOptions extends SourceReports {
  readonly store: Pick<Store, 'reader'>;
  /** The own Node: the only one that is read. */
  readonly nodeName: string;
}

interface FollowedKind {
  readonly kind: WatchedObject['kind'];
  readonly decode: (value: unknown) => Decoded<WatchedObject>;
  /** What the proxy would not ask an API server for (spec § 1.1). */
  readonly isWanted: (object: StoredObject) => boolean;
}

export function createClusterSource(options: ClusterSourceOptions): ObjectSource {
  return { run: (objects, signal) => follow(options, objects, signal) };
}

async function follow(
  { store, nodeName, report }: ClusterSourceOptions,
  objects: ObjectTables,
  signal: AbortSignal,
): Promise<void> {
  const kinds = followedKinds(nodeName);
  const writer = new ObjectWriter(objects, report);
  const decoder = new ChangeDecoder(kinds, writer);
  const reader = store.reader([...kinds.keys()]);
  try {
    const before = Array.from(kinds.values(), ({ kind }) => [kind, new Set(objects.keysOf(kind))] as const);
    await decoder.decode(reader.take());
    for (const [kind, keys] of before) {
      for (const key of keys) {
        const ref = { kind, ...parseObjectKey(key) };
        if (!decoder.has(ref)) writer.remove(ref);
      }
      writer.listed(kind);
    }
    objects.syncedSources.put('cluster', { sinceMs: Date.now() });
    while (!signal.aborted) {
      await reader.changed(signal);
      await decoder.decode(reader.take());
    }
  } finally {
    reader.close();
  }
}

/** Of what is gone, or is none that the proxy looks at. */
const NOTHING: Decoded<WatchedObject> = { object: undefined, problems: [] };

/** Decodes what has changed in the store, and hands it to the writer. */
class ChangeDecoder {
  readonly #kinds: ReadonlyMap<string, FollowedKind>;
  readonly #writer: ObjectWriter;
  readonly #complaints: Complaints;
  /** By its {@link refKey}, what was delivered or may have been. */
  readonly #known = new Set<string>();

  constructor(kinds: ReadonlyMap<string, FollowedKind>, writer: ObjectWriter) {
    this.#kinds = kinds;
    this.#writer = writer;
    this.#complaints = new Complaints(writer);
  }

  has(ref: ObjectRef): boolean {
    return this.#known.has(refKey(ref));
  }

  async decode(changes: readonly StoreChange[]): Promise<void> {
    const turn = new EventLoopTurn();
    for (const change of changes) {
      this.#decodeOne(change);
      await turn.rest();
    }
  }

  #decodeOne({ before, after }: StoreChange): void {
    const stored = after ?? before;
    const followed = stored && this.#kinds.get(stored.resource);
    if (stored === undefined || followed === undefined) return;
    const { kind, isWanted, decode } = followed;
    const ref = { kind, namespace: stored.namespace, name: stored.name };
    const key = refKey(ref);
    const decoded =
      after !== undefined && isWanted(after)
        ? decodeOrReport(ref, () => decode(JSON.parse(after.bytes.toString())))
        : NOTHING;
    const { object, problems } = decoded;
    if (object === undefined && problems.length === 0) {
      this.#remove(key, ref);
      return;
    }
    this.#complaints.tell(key, ref, decoded);
    // With problems the last good version stays.
    if (object !== undefined) this.#writer.upsert(object);
    this.#known.add(key);
  }

  #remove(key: string, ref: ObjectRef): void {
    this.#complaints.forget(key);
    if (this.#known.delete(key)) this.#writer.remove(ref);
  }
}

/** By the name of the resource in the store. */
function followedKinds(nodeName: string): ReadonlyMap<string, FollowedKind> {
  return new Map<string, FollowedKind>([
    [
      'services',
      {
        kind: 'Service',
        decode: decodeService,
        isWanted: ({ labels, fields }) =>
          !Object.hasOwn(labels, 'service.kubernetes.io/service-proxy-name') &&
          fields['spec.clusterIP'] !== 'None',
      },
    ],
    [
      'endpointslices',
      {
        kind: 'EndpointSlice',
        decode: decodeEndpointSlice,
        isWanted: ({ labels }) => !Object.hasOwn(labels, 'service.kubernetes.io/headless'),
      },
    ],
    ['nodes', { kind: 'Node', decode: decodeNode, isWanted: ({ name }) => name === nodeName }],
    ['servicecidrs', { kind: 'ServiceCIDR', decode: decodeServiceCIDR, isWanted: () => true }],
  ]);
}

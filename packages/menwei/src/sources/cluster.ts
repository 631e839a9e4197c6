/** What a proxy, the controller of load balancers or an announcer looks at, from the store of a cluster in the same process: nothing in between. */
import type { Store, StoreChange, StoredObject } from '../cluster/store/store.ts';
import { Complaints } from '../kubernetes/complaints.ts';
import {
  type Decoded,
  decodeNamedEndpointSlice,
  decodeOrReport,
  decoderOf,
  decodeService,
} from '../kubernetes/decode.ts';
import { type ObjectRef, refKey, type WatchedObject } from '../kubernetes/objects.ts';
import { EventLoopTurn } from '../scheduling/event-loop.ts';
import { parseObjectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { decodeBalanced } from './api-resources.ts';
import { type Following, PROXY } from './following.ts';
import { ObjectWriter } from './object-writer.ts';
import type { ObjectSource, SourceReports } from './source.ts';

interface ClusterSourceOptions extends SourceReports {
  readonly store: Pick<Store, 'reader'>;
  /** The own Node. */
  readonly nodeName: string;
  /** Without: what a proxy looks at. */
  readonly following?: Following;
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
  { store, nodeName, following = CLUSTER_PROXY, report }: ClusterSourceOptions,
  objects: ObjectTables,
  signal: AbortSignal,
): Promise<void> {
  const kinds = followedKinds(following, nodeName);
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
    const row = { sinceMs: Date.now() };
    objects.syncedSources.put('cluster', row);
    if (following.loadBalancing !== undefined) objects.syncedLoadBalancing.put('cluster', row);
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

/** Whether the mode looks at ServiceCIDRs or not: here they cost nothing. */
const CLUSTER_PROXY: Following = { ...PROXY, serviceCIDRs: true };

const PROXIED_SERVICES: FollowedKind = {
  kind: 'Service',
  decode: decodeService,
  isWanted: ({ labels, fields }) =>
    !Object.hasOwn(labels, 'service.kubernetes.io/service-proxy-name') && fields['spec.clusterIP'] !== 'None',
};

const BALANCED_SERVICES: FollowedKind = { kind: 'Service', decode: decodeBalanced, isWanted: () => true };
const NAMED_SERVICES: FollowedKind = { kind: 'Service', decode: decodeService, isWanted: () => true };
const SERVICES = { proxied: PROXIED_SERVICES, balanced: BALANCED_SERVICES, named: NAMED_SERVICES };

const ENDPOINT_SLICES: FollowedKind = {
  kind: 'EndpointSlice',
  decode: decoderOf('EndpointSlice'),
  isWanted: ({ labels }) => !Object.hasOwn(labels, 'service.kubernetes.io/headless'),
};
const NAMED_ENDPOINT_SLICES: FollowedKind = {
  kind: 'EndpointSlice',
  decode: decodeNamedEndpointSlice,
  isWanted: () => true,
};

/** By the name of the resource in the store. */
function followedKinds(
  { services, nodes, serviceCIDRs, loadBalancing }: Following,
  nodeName: string,
): ReadonlyMap<string, FollowedKind> {
  const all = (kind: WatchedObject['kind']): FollowedKind => ({
    kind,
    decode: decoderOf(kind),
    isWanted: () => true,
  });
  const kinds = new Map<string, FollowedKind>([
    ['services', SERVICES[services]],
    ['endpointslices', services === 'named' ? NAMED_ENDPOINT_SLICES : ENDPOINT_SLICES],
  ]);
  if (nodes !== 'none') {
    kinds.set('nodes', { ...all('Node'), isWanted: ({ name }) => nodes === 'all' || name === nodeName });
  }
  if (services === 'named') kinds.set('namespaces', all('Namespace'));
  if (serviceCIDRs) kinds.set('servicecidrs', all('ServiceCIDR'));
  if (loadBalancing === undefined) return kinds;
  const { leaseNamespace } = loadBalancing;
  kinds.set('leases', { ...all('Lease'), isWanted: ({ namespace }) => namespace === leaseNamespace });
  if (loadBalancing.namespaces) kinds.set('namespaces', all('Namespace'));
  kinds.set('ipaddresspools', all('IPAddressPool'));
  kinds.set('l2advertisements', all('L2Advertisement'));
  return kinds;
}

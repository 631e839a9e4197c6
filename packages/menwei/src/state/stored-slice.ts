/**
 * An EndpointSlice as the state keeps it (spec § 1.3): its addresses are turned into the endpoints of service ports when it
 * is written, and are not kept beside them. With 250,000 endpoints a second copy would be felt.
 */
import { isDeepStrictEqual } from 'node:util';
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import type {
  EndpointHost,
  EndpointSlice,
  EndpointSlicePort,
  Protocol,
  SliceEndpoint,
} from '../kubernetes/objects.ts';
import { mergeEndpoints } from './endpoint-merge.ts';
import { type ObjectKey, objectKey } from './object-key.ts';
import type { Endpoint } from './service-port.ts';

/** The port of a Service that a port of a slice belongs to: `name/protocol`. Numbers play no part. */
type PortKey = string;

export interface StoredSlice {
  readonly name: string;
  readonly service: ObjectKey;
  readonly family: IpFamily;
  /** Has no entry for a port without endpoints. */
  readonly endpointsByPort: ReadonlyMap<PortKey, readonly Endpoint[]>;
  readonly endpointNames: EndpointSlice['endpointNames'];
  /** Addresses whose weight the slice itself tells; undefined when there are none. */
  readonly weighed: ReadonlySet<string> | undefined;
  /** See EndpointSlice. That of the version which changed the endpoints. */
  readonly lastChangeTriggerTimeMs: number;
  /**
   * Nodes that have endpoints, by their names: `ready` if one of them is, else `serving`. Those of which nobody knows the node
   * are under an empty name. Undefined unless the state was made to keep it.
   */
  readonly nodes: ReadonlyMap<string, 'ready' | 'serving'> | undefined;
  /** What names are answered with, instead of endpoints of service ports. Undefined unless the state was made to keep it. */
  readonly named: KeptNames | undefined;
}

/** {@link NamedEndpoints} as they are kept: one text for all addresses costs a tenth of one for each. */
interface KeptNames extends Omit<NamedEndpoints, 'ready'> {
  /** With a space between two. */
  readonly ready: string;
}

export function namedEndpoints({ ports, ready, hosts }: KeptNames): NamedEndpoints {
  return { ports, ready: ready === '' ? [] : ready.split(' '), hosts };
}

/** Of a slice, what its Service's names are answered with (dns § 1). */
export interface NamedEndpoints {
  /** Empty: its endpoints have addresses and no port. */
  readonly ports: readonly EndpointSlicePort[];
  /** Addresses, canonical, each once. */
  readonly ready: readonly string[];
  /** By address. */
  readonly hosts: ReadonlyMap<string, EndpointHost>;
}

/** What is kept of a slice. */
export interface SliceView {
  /** Endpoints on this node are local; empty: none is. */
  readonly nodeName: string;
  /** Keep on which nodes there are endpoints: for who looks at other nodes than this one. */
  readonly endpointNodes: boolean;
  /** Keep what names are answered with, and no endpoints of service ports: for who answers for names. */
  readonly names: boolean;
  /** With `names`: also what the pods of endpoints are called, which is one name for each of nearly all endpoints. */
  readonly podNames: boolean;
}

/** Of an endpoint of which nobody says anything else. */
export const DEFAULT_WEIGHT = 1;

export function portKey(name: string, protocol: Protocol): PortKey {
  return `${name}/${protocol}`;
}

/**
 * @param previous the former version of the slice: endpoints that are as they were are the same objects as before
 */
export function readSlice(
  slice: EndpointSlice,
  previous: StoredSlice | undefined,
  { nodeName, endpointNodes, names, podNames }: SliceView,
): StoredSlice {
  const { namespace, name, addressType, endpointNames, lastChangeTriggerTimeMs } = slice;
  return {
    name,
    service: objectKey(namespace, slice.serviceName),
    family: addressType,
    endpointsByPort: names ? NO_ENDPOINTS : readEndpoints(slice, previous?.endpointsByPort, nodeName),
    // For the weights of service ports, which are not kept with names.
    endpointNames: names ? undefined : endpointNames,
    weighed: names ? undefined : readWeighed(slice),
    lastChangeTriggerTimeMs,
    nodes: endpointNodes ? readNodes(slice) : undefined,
    named: names ? readNamed(slice, podNames) : undefined,
  };
}

/** Whether it gives the same endpoints to the same Service; when it was written plays no part. */
export function isSameSlice(a: StoredSlice, b: StoredSlice): boolean {
  return (
    a.service === b.service &&
    a.family === b.family &&
    isSameMap(a.endpointsByPort, b.endpointsByPort) &&
    isDeepStrictEqual(a.endpointNames, b.endpointNames) &&
    isDeepStrictEqual(a.weighed, b.weighed) &&
    isDeepStrictEqual(a.nodes, b.nodes) &&
    isDeepStrictEqual(a.named, b.named)
  );
}

function readEndpoints(
  slice: EndpointSlice,
  previous: StoredSlice['endpointsByPort'] | undefined,
  nodeName: string,
): StoredSlice['endpointsByPort'] {
  const candidates = new Map<PortKey, Endpoint[]>();
  if (slice.endpoints.length === 0) return candidates;
  for (const port of slice.ports) {
    const key = portKey(port.name, port.protocol);
    const known = new Map(previous?.get(key)?.map((endpoint) => [endpoint.text, endpoint]));
    const endpoints = candidates.get(key) ?? [];
    for (const from of slice.endpoints) {
      const isLocal = nodeName !== '' && from.nodeName === nodeName;
      endpoints.push(readEndpoint(from, port.port, isLocal, known));
    }
    candidates.set(key, endpoints);
  }
  return new Map(Array.from(candidates, ([key, endpoints]) => [key, mergeEndpoints(endpoints)]));
}

function readEndpoint(
  from: SliceEndpoint,
  port: number,
  isLocal: boolean,
  known: ReadonlyMap<string, Endpoint>,
): Endpoint {
  const text = formatHostPort(from.ip, port);
  const previous = known.get(text);
  if (previous !== undefined && previous.isLocal === isLocal && isSameCondition(previous, from)) {
    return previous;
  }
  const { ip, ready, serving, terminating, zoneHints, nodeHints, weight = DEFAULT_WEIGHT } = from;
  return { ip, port, text, ready, serving, terminating, isLocal, zoneHints, nodeHints, weight };
}

function isSameCondition(a: Endpoint, b: SliceEndpoint): boolean {
  return (
    a.ready === b.ready &&
    a.serving === b.serving &&
    a.terminating === b.terminating &&
    a.weight === (b.weight ?? DEFAULT_WEIGHT) &&
    isSameList(a.zoneHints, b.zoneHints) &&
    isSameList(a.nodeHints, b.nodeHints)
  );
}

function readWeighed({ endpoints }: EndpointSlice): StoredSlice['weighed'] {
  const weighed = endpoints.filter(({ weight }) => weight !== undefined);
  return weighed.length === 0 ? undefined : new Set(weighed.map(({ ip }) => ip));
}

const NO_ENDPOINTS: StoredSlice['endpointsByPort'] = new Map();
const NO_HOSTS: NamedEndpoints['hosts'] = new Map();

function readNamed({ ports, endpoints, hosts = NO_HOSTS }: EndpointSlice, podNames: boolean): KeptNames {
  const ready = new Set(endpoints.flatMap((endpoint) => (endpoint.ready ? endpoint.ip : [])));
  const kept = podNames ? hosts : new Map([...hosts].filter(([, { hostname }]) => hostname !== ''));
  return { ports, ready: [...ready].join(' '), hosts: kept.size === 0 ? NO_HOSTS : kept };
}

function readNodes({ endpoints }: EndpointSlice): StoredSlice['nodes'] {
  const nodes = new Map<string, 'ready' | 'serving'>();
  for (const { nodeName, ready, serving } of endpoints) {
    if (ready) nodes.set(nodeName, 'ready');
    else if (serving && !nodes.has(nodeName)) nodes.set(nodeName, 'serving');
  }
  return nodes;
}

function isSameMap(a: StoredSlice['endpointsByPort'], b: StoredSlice['endpointsByPort']): boolean {
  return a.size === b.size && [...a].every(([key, endpoints]) => isSameList(endpoints, b.get(key)));
}

/** Compares the items by identity. */
function isSameList(a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((item, index) => item === b[index]);
}

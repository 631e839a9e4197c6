/**
 * The endpoints that EndpointSlices of one family give to Services (spec § 1.3). A slice is turned into Endpoint
 * objects when it arrives and is not kept itself: with 250,000 endpoints the second copy would be felt.
 */
import { isDeepStrictEqual } from 'node:util';
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import {
  type EndpointSlice,
  type EndpointWeights,
  type Protocol,
  type SliceEndpoint,
  weightOf,
} from '../kubernetes/objects.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { Endpoint } from '../state/service-port.ts';
import { mergeEndpoints } from './endpoint-merge.ts';

/** The port of a Service that a port of a slice belongs to: `name/protocol`. Numbers play no part. */
type PortKey = string;

interface CachedSlice {
  readonly name: string;
  readonly service: ObjectKey;
  /** Has no entry for a port without endpoints. */
  readonly endpointsByPort: ReadonlyMap<PortKey, readonly Endpoint[]>;
  readonly endpointNames: EndpointSlice['endpointNames'];
  /** Addresses whose weight the slice itself tells; undefined when there are none. */
  readonly weighed: ReadonlySet<string> | undefined;
}

const NO_ENDPOINTS: readonly Endpoint[] = [];
const NO_NAMES: readonly string[] = [];
const DEFAULT_WEIGHT = 1;

export class SliceCache {
  readonly #family: IpFamily;
  readonly #nodeName: string;
  readonly #slices = new Map<ObjectKey, CachedSlice>();
  readonly #slicesByService = new Map<ObjectKey, Map<string, CachedSlice>>();

  /** `nodeName` decides which endpoints are local; empty: none is. */
  constructor(family: IpFamily, nodeName: string) {
    this.#family = family;
    this.#nodeName = nodeName;
  }

  /** Returns the Services whose endpoints may have changed: none if the slice says what it said before. */
  upsert(slice: EndpointSlice): readonly ObjectKey[] {
    if (slice.addressType !== this.#family) return this.remove(slice.namespace, slice.name);
    const service = objectKey(slice.namespace, slice.serviceName);
    const previous = this.#slices.get(objectKey(slice.namespace, slice.name));
    const known = previous?.service === service ? previous : undefined;
    const endpointsByPort = this.#readEndpoints(slice, known?.endpointsByPort);
    const { name, endpointNames } = slice;
    const cached = { name, service, endpointsByPort, endpointNames, weighed: readWeighed(slice) };
    if (known !== undefined && isSameSlice(known, cached)) return [];

    const left = known === undefined ? this.remove(slice.namespace, slice.name) : [];
    this.#put(slice.namespace, cached);
    const gained = known !== undefined || endpointsByPort.size > 0 ? [service] : [];
    return [...left, ...gained];
  }

  /** Returns the Services whose endpoints may have changed. */
  remove(namespace: string, name: string): readonly ObjectKey[] {
    const key = objectKey(namespace, name);
    const slice = this.#slices.get(key);
    if (slice === undefined) return [];
    this.#slices.delete(key);
    const siblings = this.#slicesByService.get(slice.service);
    siblings?.delete(name);
    if (siblings?.size === 0) this.#slicesByService.delete(slice.service);
    return slice.endpointsByPort.size > 0 ? [slice.service] : [];
  }

  /** The Service that a slice belongs to now; undefined for a slice that is unknown or of the other family. */
  serviceOf(namespace: string, name: string): ObjectKey | undefined {
    return this.#slices.get(objectKey(namespace, name))?.service;
  }

  /**
   * Sorted by text, without duplicates. `weights` are for those whose slice does not tell theirs. Costs as much as the
   * Service has endpoints.
   */
  endpointsOf(
    service: ObjectKey,
    portName: string,
    protocol: Protocol,
    weights?: EndpointWeights,
  ): readonly Endpoint[] {
    const key = portKey(portName, protocol);
    const lists = [...(this.#slicesByService.get(service)?.values() ?? [])]
      // Among equally good duplicates the slice with the smaller name wins, whichever came first.
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((slice) => {
        const endpoints = slice.endpointsByPort.get(key);
        if (endpoints === undefined) return [];
        return [weights === undefined ? endpoints : weigh(endpoints, slice, weights)];
      });
    const [first = NO_ENDPOINTS, ...rest] = lists;
    return rest.length === 0 ? first : mergeEndpoints(lists.flat());
  }

  #put(namespace: string, slice: CachedSlice): void {
    this.#slices.set(objectKey(namespace, slice.name), slice);
    const siblings = this.#slicesByService.get(slice.service) ?? new Map<string, CachedSlice>();
    siblings.set(slice.name, slice);
    this.#slicesByService.set(slice.service, siblings);
  }

  /** Endpoints that are as they were before are the same objects as before. */
  #readEndpoints(
    slice: EndpointSlice,
    previous: CachedSlice['endpointsByPort'] | undefined,
  ): CachedSlice['endpointsByPort'] {
    const candidates = new Map<PortKey, Endpoint[]>();
    if (slice.endpoints.length === 0) return candidates;
    for (const port of slice.ports) {
      const key = portKey(port.name, port.protocol);
      const known = new Map(previous?.get(key)?.map((endpoint) => [endpoint.text, endpoint]));
      const endpoints = candidates.get(key) ?? [];
      for (const endpoint of slice.endpoints) endpoints.push(this.#readEndpoint(endpoint, port.port, known));
      candidates.set(key, endpoints);
    }
    return new Map(Array.from(candidates, ([key, endpoints]) => [key, mergeEndpoints(endpoints)]));
  }

  #readEndpoint(from: SliceEndpoint, port: number, known: ReadonlyMap<string, Endpoint>): Endpoint {
    const text = formatHostPort(from.ip, port);
    const isLocal = this.#nodeName !== '' && from.nodeName === this.#nodeName;
    const previous = known.get(text);
    if (previous !== undefined && previous.isLocal === isLocal && isSameCondition(previous, from)) {
      return previous;
    }
    const { ip, ready, serving, terminating, zoneHints, nodeHints, weight = DEFAULT_WEIGHT } = from;
    return { ip, port, text, ready, serving, terminating, isLocal, zoneHints, nodeHints, weight };
  }
}

function portKey(name: string, protocol: Protocol): PortKey {
  return `${name}/${protocol}`;
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

function readWeighed({ endpoints }: EndpointSlice): CachedSlice['weighed'] {
  const weighed = endpoints.filter(({ weight }) => weight !== undefined);
  return weighed.length === 0 ? undefined : new Set(weighed.map(({ ip }) => ip));
}

/** The endpoints of a slice with the weights of their Service. */
function weigh(
  endpoints: readonly Endpoint[],
  { endpointNames, weighed }: CachedSlice,
  weights: EndpointWeights,
): readonly Endpoint[] {
  return endpoints.map((endpoint) => {
    if (weighed?.has(endpoint.ip) === true) return endpoint;
    const names = endpointNames?.get(endpoint.ip) ?? NO_NAMES;
    const weight = weightOf(weights, endpoint.ip, names) ?? DEFAULT_WEIGHT;
    return weight === endpoint.weight ? endpoint : { ...endpoint, weight };
  });
}

function isSameSlice(a: CachedSlice, b: CachedSlice): boolean {
  return (
    isSameMap(a.endpointsByPort, b.endpointsByPort) &&
    isDeepStrictEqual(a.endpointNames, b.endpointNames) &&
    isDeepStrictEqual(a.weighed, b.weighed)
  );
}

function isSameMap(a: CachedSlice['endpointsByPort'], b: CachedSlice['endpointsByPort']): boolean {
  return a.size === b.size && [...a].every(([key, endpoints]) => isSameList(endpoints, b.get(key)));
}

/** Compares the items by identity. */
function isSameList(a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((item, index) => item === b[index]);
}

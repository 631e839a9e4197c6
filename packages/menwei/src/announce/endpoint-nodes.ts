/** On which nodes a Service has endpoints, of all its slices together. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { StoredSlice } from '../state/stored-slice.ts';

/** `ready` if one of them is; under an empty name those of which nobody knows the node. */
export type EndpointNodes = ReadonlyMap<string, 'ready' | 'serving'>;

export class EndpointNodesByService {
  readonly #slices = new Map<ObjectKey, Map<ObjectKey, StoredSlice>>();

  /** The key of the Service that it is about. */
  put(key: ObjectKey, slice: StoredSlice): ObjectKey {
    const slices = this.#slices.get(slice.service) ?? new Map<ObjectKey, StoredSlice>();
    slices.set(key, slice);
    this.#slices.set(slice.service, slices);
    return slice.service;
  }

  delete(key: ObjectKey, { service }: StoredSlice): ObjectKey {
    const slices = this.#slices.get(service);
    slices?.delete(key);
    if (slices?.size === 0) this.#slices.delete(service);
    return service;
  }

  of(service: ObjectKey): Readonly<Record<IpFamily, EndpointNodes>> {
    const slices = [...(this.#slices.get(service)?.values() ?? [])];
    const [ipv4, ipv6] = IP_FAMILIES.map((family) =>
      merge(slices.filter((slice) => slice.family === family)),
    );
    return { IPv4: ipv4 ?? NOWHERE, IPv6: ipv6 ?? NOWHERE };
  }
}

const NOWHERE: EndpointNodes = new Map();

function merge(slices: readonly StoredSlice[]): EndpointNodes {
  const nodes = new Map<string, 'ready' | 'serving'>();
  for (const { nodes: ofSlice } of slices) {
    for (const [name, state] of ofSlice ?? []) if (nodes.get(name) !== 'ready') nodes.set(name, state);
  }
  return nodes;
}

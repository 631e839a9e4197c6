/** On which nodes a Service has endpoints, of all its slices together. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { StoredSlice } from '../state/stored-slice.ts';

/** `ready` if one of them is; under an empty name those of which nobody knows the node. */
export type EndpointNodes = ReadonlyMap<string, 'ready' | 'serving'>;

export function endpointNodes(slices: readonly StoredSlice[]): Readonly<Record<IpFamily, EndpointNodes>> {
  const of = (family: IpFamily) => merge(slices.filter((slice) => slice.family === family));
  return { IPv4: of('IPv4'), IPv6: of('IPv6') };
}

function merge(slices: readonly StoredSlice[]): EndpointNodes {
  const nodes = new Map<string, 'ready' | 'serving'>();
  for (const { nodes: ofSlice } of slices) {
    for (const [name, state] of ofSlice ?? []) if (nodes.get(name) !== 'ready') nodes.set(name, state);
  }
  return nodes;
}

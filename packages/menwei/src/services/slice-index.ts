/** The EndpointSlices of one family by the Service that they belong to, and which endpoints they give to its ports. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { type EndpointWeights, type Protocol, weightOf } from '../kubernetes/objects.ts';
import { mergeEndpoints } from '../state/endpoint-merge.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { Change } from '../state/reader.ts';
import type { Endpoint } from '../state/service-port.ts';
import { DEFAULT_WEIGHT, portKey, type StoredSlice } from '../state/stored-slice.ts';

const NO_ENDPOINTS: readonly Endpoint[] = [];
const NO_NAMES: readonly string[] = [];

export class SliceIndex {
  readonly #family: IpFamily;
  readonly #slicesByService = new Map<ObjectKey, Map<string, StoredSlice>>();

  constructor(family: IpFamily) {
    this.#family = family;
  }

  /** Takes in how a slice has changed, and returns the Services whose endpoints may have. */
  note({ before, after }: Change<StoredSlice>): readonly ObjectKey[] {
    const was = before?.family === this.#family ? before : undefined;
    const is = after?.family === this.#family ? after : undefined;
    const stays = was !== undefined && was.service === is?.service;
    if (was !== undefined && !stays) this.#remove(was);
    if (is !== undefined) this.#put(is);
    if (stays) return [was.service];
    return [was, is].flatMap((slice) =>
      slice !== undefined && slice.endpointsByPort.size > 0 ? [slice.service] : [],
    );
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

  #put(slice: StoredSlice): void {
    const siblings = this.#slicesByService.get(slice.service) ?? new Map<string, StoredSlice>();
    siblings.set(slice.name, slice);
    this.#slicesByService.set(slice.service, siblings);
  }

  #remove({ service, name }: StoredSlice): void {
    const siblings = this.#slicesByService.get(service);
    siblings?.delete(name);
    if (siblings?.size === 0) this.#slicesByService.delete(service);
  }
}

/** The endpoints of a slice with the weights of their Service. */
function weigh(
  endpoints: readonly Endpoint[],
  { endpointNames, weighed }: StoredSlice,
  weights: EndpointWeights,
): readonly Endpoint[] {
  return endpoints.map((endpoint) => {
    if (weighed?.has(endpoint.ip) === true) return endpoint;
    const names = endpointNames?.get(endpoint.ip) ?? NO_NAMES;
    const weight = weightOf(weights, endpoint.ip, names) ?? DEFAULT_WEIGHT;
    return weight === endpoint.weight ? endpoint : { ...endpoint, weight };
  });
}

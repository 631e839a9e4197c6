/** The EndpointSlices of one family by the Service that they belong to, and which endpoints they give to its ports. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { type EndpointWeights, type Protocol, weightOf } from '../kubernetes/objects.ts';
import { mergeEndpoints } from '../state/endpoint-merge.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { Change } from '../state/reader.ts';
import type { Endpoint } from '../state/service-port.ts';
import { SlicesByService } from '../state/slices-by-service.ts';
import { DEFAULT_WEIGHT, portKey, type StoredSlice } from '../state/stored-slice.ts';

const NO_ENDPOINTS: readonly Endpoint[] = [];
const NO_NAMES: readonly string[] = [];

export class SliceIndex {
  readonly #family: IpFamily;
  readonly #slices = new SlicesByService();

  constructor(family: IpFamily) {
    this.#family = family;
  }

  /** Takes in how a slice has changed, and returns the Services whose endpoints may have. */
  note({ key, before, after }: Change<StoredSlice>): readonly ObjectKey[] {
    const was = before?.family === this.#family ? before : undefined;
    const is = after?.family === this.#family ? after : undefined;
    this.#slices.note({ key, before: was, after: is });
    if (was !== undefined && was.service === is?.service) return [was.service];
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
    const lists = this.#slices
      .of(service)
      // Among equally good duplicates the slice with the smaller name wins, whichever came first.
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((slice) => {
        const endpoints = slice.endpointsByPort.get(key);
        if (endpoints === undefined) return [];
        return [weights === undefined ? endpoints : weigh(endpoints, slice, weights)];
      });
    const [first = NO_ENDPOINTS, ...rest] = lists;
    return rest.length === 0 ? first : mergeEndpoints(lists.flat());
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

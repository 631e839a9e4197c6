/** The objects of the benchmarks: Services in 10.96/12, endpoints in 10.128/9, by number. */

import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import type { EndpointSlice, Service } from 'menwei/kubernetes/objects.ts';

const SERVICES = (10 << 24) + (96 << 16);
const PODS = (10 << 24) + (128 << 16);

export const NODE_VIEW = aNodeView({
  name: 'bench-node',
  ip: '192.0.2.1',
  detectLocal: { by: 'cidr', cidr: '10.128.0.0/9' },
});

export function benchService(index: number): Service {
  return aService({
    namespace: 'bench',
    name: nameOf(index),
    createdAtMs: 1,
    clusterIPs: { IPv4: address(SERVICES + index + 1) },
    ports: [{ name: 'http' }],
  });
}

/** @param changed one endpoint has another address than otherwise */
export function benchSlice(index: number, endpoints: number, changed: boolean): EndpointSlice {
  return sliceOf(index, endpointsOf(index, endpoints, changed));
}

/** The same slice without the endpoint in its middle. */
export function benchSliceWithoutOne(index: number, endpoints: number, changed: boolean): EndpointSlice {
  return sliceOf(index, endpointsOf(index, endpoints, changed).toSpliced(endpoints >> 1, 1));
}

function sliceOf(index: number, endpoints: readonly string[]): EndpointSlice {
  return aSlice({
    namespace: 'bench',
    name: `${nameOf(index)}-slice`,
    serviceName: nameOf(index),
    ports: [{ name: 'http' }],
    endpoints,
  });
}

function endpointsOf(index: number, endpoints: number, changed: boolean): readonly string[] {
  // The address of a changed endpoint lies past all others.
  return Array.from({ length: endpoints }, (_, number) =>
    address(PODS + (changed && number === 0 ? 7_000_000 + index : index * endpoints + number + 1)),
  );
}

/** In the order of the names, Services stand in that of their numbers. */
function nameOf(index: number): string {
  return `service-${String(index).padStart(6, '0')}`;
}

function address(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

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

/** {@link benchService} as an API server gives it. */
export function serviceJson(index: number) {
  return {
    metadata: {
      ...metadataJson(index, nameOf(index)),
      labels: { app: nameOf(index) },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: address(SERVICES + index + 1),
      clusterIPs: [address(SERVICES + index + 1)],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      selector: { app: nameOf(index) },
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
    },
    status: { loadBalancer: {} },
  };
}

/** {@link benchSlice} as an API server gives it, with what nobody here reads. */
export function sliceJson(index: number, endpoints: number) {
  return {
    metadata: {
      ...metadataJson(index, `${nameOf(index)}-slice`),
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': nameOf(index),
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: endpointsOf(index, endpoints, false).map((ip, number) => ({
      addresses: [ip],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `worker-${number % 50}.cluster.test`,
      zone: 'east-1',
      targetRef: {
        kind: 'Pod',
        namespace: 'bench',
        name: `${nameOf(index)}-6f5d9c7b8-${generated(number)}`,
        uid: uid(number),
      },
    })),
  };
}

/** What the API server makes the ends of names from. */
const GENERATED = 'bcdfghjklmnpqrstvwxz2456789';

function generated(number: number): string {
  return `x7${GENERATED.charAt(number % 27)}k${GENERATED.charAt(number / 27)}`;
}

function metadataJson(index: number, name: string) {
  const fields = { 'f:spec': { 'f:ports': {}, 'f:selector': {} } };
  return {
    namespace: 'bench',
    name,
    uid: uid(index),
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [{ manager: 'kube-controller-manager', operation: 'Update', fieldsV1: fields }],
  };
}

function uid(number: number): string {
  return `4c1f2b5e-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

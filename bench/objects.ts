/** The objects of the benchmarks: Services in 10.96/12, endpoints in 10.128/9, by number. */
import type { EndpointSlice, Service } from '../src/kubernetes/objects.ts';
import type { NodeView } from '../src/services/node-view.ts';

export const NODE_VIEW: NodeView = {
  name: 'bench-node',
  family: 'IPv4',
  zone: '',
  ip: '192.0.2.1',
  detectLocal: { by: 'cidr', cidr: '10.128.0.0/9' },
  nodePortAddresses: 'all',
  largeCluster: false,
};

export function benchService(index: number): Service {
  return {
    kind: 'Service',
    namespace: 'bench',
    name: `service-${index}`,
    createdAtMs: 1,
    type: 'ClusterIP',
    foreignProxy: false,
    clusterIPs: { IPv4: address(10 * 2 ** 24 + 96 * 2 ** 16, index + 1) },
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 0 }],
    externalIPs: [],
    loadBalancerIngress: [],
    loadBalancerSourceRanges: [],
    sessionAffinitySeconds: 0,
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    healthCheckNodePort: 0,
  };
}

/** @param changed one endpoint has another address than otherwise */
export function benchSlice(index: number, endpoints: number, changed: boolean): EndpointSlice {
  const pods = 10 * 2 ** 24 + 128 * 2 ** 16;
  return {
    kind: 'EndpointSlice',
    namespace: 'bench',
    name: `service-${index}-slice`,
    serviceName: `service-${index}`,
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: Array.from({ length: endpoints }, (_, number) => ({
      // The changed address lies past all others.
      ip: address(pods, changed && number === 0 ? 7_000_000 + index : index * endpoints + number + 1),
      ready: true,
      serving: true,
      terminating: false,
      nodeName: '',
      zoneHints: undefined,
      nodeHints: undefined,
    })),
    lastChangeTriggerTimeMs: 0,
  };
}

function address(base: number, offset: number): string {
  const value = base + offset;
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

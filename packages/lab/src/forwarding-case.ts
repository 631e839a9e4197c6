/** Two pods that own the addresses of their Service, another Service of the same pods, and who asks for them. */
import {
  clusterIp,
  documents,
  endpoint,
  nodeObject,
  serviceObject,
  sliceObject,
} from './manifest-objects.ts';
import type { Arrival } from './owned-address.ts';
import type { LabSpec, PodSpec } from './topology.ts';

export const CLUSTER_CIDR = '10.244.0.0/16';

/** The addresses of the Service that is forwarded directly or by tunnel: what its pods own. */
export const OWNED = { clusterIP: '10.96.0.80', loadBalancerIP: '203.0.113.80' } as const;
/** A Service of the same pods that says nothing about forwarding. */
export const PLAIN = { clusterIP: '10.96.0.81', loadBalancerIP: '203.0.113.81' } as const;

const PORT = { name: '', port: 80, protocol: 'TCP' };

/** Packets go directly to pods of the same node only, and by tunnel to any. */
function podsFor(arrival: Arrival): readonly PodSpec[] {
  return [
    { name: 'web-1', node: 'minikube', ip: '10.244.0.11' },
    arrival === 'direct'
      ? { name: 'web-2', node: 'minikube', ip: '10.244.0.12' }
      : { name: 'web-2', node: 'minikube-m02', ip: '10.244.1.12' },
  ];
}

export function forwardingLab(arrival: Arrival): LabSpec {
  return {
    nodes: [
      { name: 'minikube', ip: '192.168.49.2', podCIDR: '10.244.0.0/24' },
      { name: 'minikube-m02', ip: '192.168.49.3', podCIDR: '10.244.1.0/24' },
    ],
    pods: [...podsFor(arrival), { name: 'shop', node: 'minikube-m02', ip: '10.244.1.2', ports: [] }],
    client: { ip: '192.168.49.100' },
  };
}

/** Manifest files by name. */
export function forwardingManifests(arrival: Arrival): Readonly<Record<string, string>> {
  const annotations = { 'menwei.dev/ipvs-forwarding': arrival };
  const owned = { namespace: 'default', name: 'web', annotations };
  const plain = { namespace: 'default', name: 'web-plain' };
  const endpoints = podsFor(arrival).map(({ node, ip = '' }) => endpoint(ip, node));
  return {
    'nodes.yaml': documents(forwardingLab(arrival).nodes.map(nodeObject)),
    'services.yaml': documents([loadBalanced(owned, OWNED), loadBalanced(plain, PLAIN)]),
    'endpoints.yaml': documents([owned, plain].map((service) => sliceObject(service, [PORT], endpoints))),
  };
}

function loadBalanced(
  metadata: Parameters<typeof serviceObject>[0],
  { clusterIP, loadBalancerIP }: { readonly clusterIP: string; readonly loadBalancerIP: string },
): object {
  const spec = { ...clusterIp(clusterIP), type: 'LoadBalancer', ports: [{ ...PORT, targetPort: 80 }] };
  return serviceObject(metadata, spec, [loadBalancerIP]);
}

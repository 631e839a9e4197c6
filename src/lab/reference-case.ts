/** The reference case: three nginx pods behind one Service, a second node, and a client outside. */
import { stringify } from 'yaml';
import type { LabSpec, NodeSpec, PodSpec } from './topology.ts';

export const SERVICE_ADDRESS = '10.101.57.97:80';
export const NODE_PORT = 30080;
export const CLUSTER_CIDR = '10.244.0.0/16';
/** How the rules of the Service say whose they are. */
export const SERVICE_NAME = 'default/nginx-service';

const NGINX: readonly PodSpec[] = [
  { name: 'nginx-1', node: 'minikube', ip: '10.244.0.27' },
  { name: 'nginx-2', node: 'minikube', ip: '10.244.0.28' },
  { name: 'nginx-3', node: 'minikube', ip: '10.244.0.30' },
];

export const BACKENDS: readonly string[] = NGINX.map(({ name }) => name);

export const REFERENCE_LAB: LabSpec = {
  nodes: [
    { name: 'minikube', ip: '192.168.49.2', podCIDR: '10.244.0.0/24' },
    { name: 'minikube-m02', ip: '192.168.49.3', podCIDR: '10.244.1.0/24' },
  ],
  pods: [
    ...NGINX,
    { name: 'kube-dns', node: 'minikube', ip: '10.244.0.29', ports: [53, 9153] },
    { name: 'shop', node: 'minikube-m02', ip: '10.244.1.2', ports: [] },
  ],
  client: { ip: '192.168.49.100' },
};

/** Manifest files by name, with the named pods unready. */
export function manifestsOf(unready: readonly string[]): Readonly<Record<string, string>> {
  return {
    'nodes.yaml': documents(REFERENCE_LAB.nodes.map(nodeObject)),
    'services.yaml': documents(SERVICES),
    'endpoints.yaml': documents([
      slice(
        'default',
        'kubernetes',
        [{ name: 'https', port: 8443, protocol: 'TCP' }],
        [{ addresses: ['192.168.49.2'], conditions: { ready: true } }],
      ),
      slice('kube-system', 'kube-dns', DNS_PORTS, [endpoint('10.244.0.29', true)]),
      slice(
        'default',
        'nginx-service',
        [{ name: '', port: 80, protocol: 'TCP' }],
        NGINX.map(({ name, ip = '' }) => endpoint(ip, !unready.includes(name))),
      ),
    ]),
  };
}

const DNS_PORTS = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  { name: 'metrics', port: 9153, protocol: 'TCP' },
];

const SERVICES = [
  service('default', 'kubernetes', {
    ...clusterIp('10.96.0.1'),
    ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 8443 }],
  }),
  service('kube-system', 'kube-dns', { ...clusterIp('10.96.0.10'), ports: DNS_PORTS }),
  service('default', 'nginx-service', {
    ...clusterIp('10.101.57.97'),
    type: 'NodePort',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: NODE_PORT }],
  }),
];

function documents(objects: readonly object[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}

function nodeObject(node: NodeSpec): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: { 'kubernetes.io/hostname': node.name } },
    spec: { podCIDR: node.podCIDR, podCIDRs: [node.podCIDR] },
    status: {
      addresses: [
        { type: 'InternalIP', address: node.ip },
        { type: 'Hostname', address: node.name },
      ],
    },
  };
}

function clusterIp(ip: string): object {
  return { type: 'ClusterIP', clusterIP: ip, clusterIPs: [ip], ipFamilies: ['IPv4'] };
}

function service(namespace: string, name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec };
}

function slice(
  namespace: string,
  name: string,
  ports: readonly object[],
  endpoints: readonly object[],
): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports,
    endpoints,
  };
}

function endpoint(address: string, isReady: boolean): object {
  return {
    addresses: [address],
    conditions: { ready: isReady, serving: isReady, terminating: false },
    nodeName: 'minikube',
  };
}

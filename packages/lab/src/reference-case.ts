/** The reference case: three nginx pods behind one Service, a second node, and a client outside. */
import {
  clusterIp,
  documents,
  endpoint,
  type ManifestPort,
  nodeObject,
  serviceObject,
  sliceObject,
} from './manifest-objects.ts';
import type { LabSpec, PodSpec } from './topology.ts';

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
    'services.yaml': documents([
      serviceObject(KUBERNETES, {
        ...clusterIp('10.96.0.1'),
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 8443 }],
      }),
      serviceObject(KUBE_DNS, { ...clusterIp('10.96.0.10'), ports: DNS_PORTS }),
      serviceObject(NGINX_SERVICE, {
        ...clusterIp('10.101.57.97'),
        type: 'NodePort',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: NODE_PORT }],
      }),
    ]),
    'endpoints.yaml': documents([
      sliceObject(
        KUBERNETES,
        [{ name: 'https', port: 8443, protocol: 'TCP' }],
        [endpoint('192.168.49.2', 'minikube')],
      ),
      sliceObject(KUBE_DNS, DNS_PORTS, [endpoint('10.244.0.29', 'minikube')]),
      sliceObject(
        NGINX_SERVICE,
        [{ name: '', port: 80, protocol: 'TCP' }],
        NGINX.map(({ name, node, ip = '' }) => endpoint(ip, node, !unready.includes(name))),
      ),
    ]),
  };
}

const KUBERNETES = { namespace: 'default', name: 'kubernetes' };
const KUBE_DNS = { namespace: 'kube-system', name: 'kube-dns' };
const NGINX_SERVICE = { namespace: 'default', name: 'nginx-service' };

const DNS_PORTS: readonly ManifestPort[] = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  { name: 'metrics', port: 9153, protocol: 'TCP' },
];

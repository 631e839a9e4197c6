/** A Service as a test asks for it: only what matters to the test is said. Turned into Kubernetes objects here. */
import type { V1Endpoint, V1EndpointSlice, V1Service, V1ServiceSpec } from '@kubernetes/client-node';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Protocol } from 'menwei/kubernetes/objects.ts';

/** A pod behind a Service, and what its EndpointSlice says of it. */
export interface Backing {
  readonly pod: string;
  /** True unless given. */
  readonly ready?: boolean;
  /** As `ready` unless given. */
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly zoneHints?: readonly string[];
  readonly nodeHints?: readonly string[];
}

export interface Offer {
  readonly family: IpFamily;
  readonly protocol: Protocol;
  /** A bare name means a pod that is ready. */
  readonly pods: readonly (string | Backing)[];
  /** Besides the ClusterIP: which further ways in the Service has. */
  readonly nodePort?: boolean;
  readonly externalIP?: boolean;
  readonly loadBalancer?: { readonly ipMode?: 'VIP' | 'Proxy' };
  readonly healthCheck?: boolean;
  /** Whatever else its spec says. */
  readonly spec?: Partial<V1ServiceSpec>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
}

/** What of a Service no other one has. */
export interface Identity {
  readonly namespace: string;
  readonly name: string;
  readonly clusterIP: string;
  readonly externalIP: string;
  readonly loadBalancerIP: string;
  readonly nodePort: number;
  readonly healthCheckNodePort: number;
}

/** The addresses and ports of the Service of this number; up to 255 of them. */
export function identityOf(number: number, family: IpFamily): Identity {
  const suffix = number.toString(16);
  return {
    namespace: 'test',
    name: `service-${number}`,
    clusterIP: family === 'IPv4' ? `172.30.0.${number}` : `fd00:172:30::${suffix}`,
    externalIP: family === 'IPv4' ? `198.51.100.${number}` : `fd00:198:51:100::1:${suffix}`,
    loadBalancerIP: family === 'IPv4' ? `192.0.2.${number}` : `fd00:198:51:100::2:${suffix}`,
    nodePort: 30_000 + number,
    healthCheckNodePort: 32_000 + number,
  };
}

/** Where pods answer, and where Services do. */
export const POD_PORT = 8080;
export const SERVICE_PORT = 80;

/** Terminating, but still answering. */
export function leaving(pod: string): Backing {
  return { pod, ready: false, serving: true, terminating: true };
}

export function unready(pod: string): Backing {
  return { pod, ready: false };
}

export function describeService(identity: Identity, offer: Offer): V1Service {
  const { namespace, name, clusterIP } = identity;
  const port = { port: SERVICE_PORT, protocol: offer.protocol, targetPort: POD_PORT };
  const ingress = { ip: identity.loadBalancerIP, ...offer.loadBalancer };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace,
      name,
      labels: { ...offer.labels },
      annotations: { ...offer.annotations },
      // The type of the client wants a Date, a manifest has its text.
      ...(offer.createdAt === undefined ? {} : { creationTimestamp: new Date(offer.createdAt) }),
    },
    spec: {
      type: typeOf(offer),
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: [offer.family],
      ipFamilyPolicy: 'SingleStack',
      ports: [offer.nodePort === true ? { ...port, nodePort: identity.nodePort } : port],
      ...(offer.externalIP === true ? { externalIPs: [identity.externalIP] } : {}),
      ...(offer.healthCheck === true ? { healthCheckNodePort: identity.healthCheckNodePort } : {}),
      ...offer.spec,
    },
    ...(offer.loadBalancer === undefined ? {} : { status: { loadBalancer: { ingress: [ingress] } } }),
  };
}

function typeOf(offer: Offer): string {
  if (offer.loadBalancer !== undefined) return 'LoadBalancer';
  return offer.nodePort === true ? 'NodePort' : 'ClusterIP';
}

/** Where a pod is: its address in the family, and its node. */
type Locate = (pod: string) => { readonly address: string; readonly node: string };

export function describeSlice(identity: Identity, offer: Offer, locate: Locate): V1EndpointSlice {
  const { namespace, name } = identity;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name: `${name}-pods`,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: offer.family,
    ports: [{ name: '', port: POD_PORT, protocol: offer.protocol }],
    endpoints: offer.pods
      .map((pod): Backing => (typeof pod === 'string' ? { pod } : pod))
      .map((backing) => describeEndpoint(backing, locate)),
  };
}

function describeEndpoint(backing: Backing, locate: Locate): V1Endpoint {
  const { pod, ready = true, serving = ready, terminating = false, zoneHints, nodeHints } = backing;
  const { address, node } = locate(pod);
  const hints = {
    ...(zoneHints === undefined ? {} : { forZones: zoneHints.map((name) => ({ name })) }),
    ...(nodeHints === undefined ? {} : { forNodes: nodeHints.map((name) => ({ name })) }),
  };
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    nodeName: node,
    ...(Object.keys(hints).length === 0 ? {} : { hints }),
  };
}

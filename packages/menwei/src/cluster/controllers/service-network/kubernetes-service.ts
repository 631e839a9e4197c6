/** The Service `kubernetes`, by which pods reach the API server, with its Endpoints and slice (cluster § 11.4). */
import { addressBytes, type Cidr, familyOf, ipFromBytes, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import { SERVICE_NAME_LABEL, SKIP_MIRROR_LABEL } from '../endpoints/names.ts';

export interface ApiServerAddress {
  /** Canonical; undefined if pods can't reach it (it listens on loopback). */
  readonly advertiseAddress: string | undefined;
  readonly port: number;
}

const NAME = 'kubernetes';
const NAMESPACE = 'default';
const PORT_NAME = 'https';

/** @param range the first of the Services' ranges, canonical */
export function kubernetesService(range: string, { port }: ApiServerAddress): StoredKinds['services'] {
  const cidr = parseKnownCidr(range);
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      type: 'ClusterIP',
      clusterIP: firstServiceAddress(cidr),
      ipFamilies: [cidr.family],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: PORT_NAME, protocol: 'TCP', port: 443, targetPort: port }],
    },
  };
}

export function kubernetesEndpoints(ip: string, port: number): StoredKinds['endpoints'] {
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { name: NAME, namespace: NAMESPACE, labels: { [SKIP_MIRROR_LABEL]: 'true' } },
    subsets: [{ addresses: [{ ip }], ports: [{ name: PORT_NAME, port, protocol: 'TCP' }] }],
  };
}

export function kubernetesSlice(ip: string, port: number): StoredKinds['endpointslices'] {
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: NAME, namespace: NAMESPACE, labels: { [SERVICE_NAME_LABEL]: NAME } },
    addressType: familyOf(ip),
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: PORT_NAME, protocol: 'TCP', port }],
  };
}

/** What the Service `kubernetes` has: the one after the network's own. */
export function firstServiceAddress({ address }: Cidr): string {
  const bytes = Uint8Array.from(addressBytes(address));
  // The network's own ends in a zero bit.
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 1;
  return ipFromBytes(bytes);
}

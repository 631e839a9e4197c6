/** What a Service asks of the pools (load-balancer § 4.3). */
import { IP_FAMILIES, type IpFamily, parseIp } from '@menwei/addresses/ip.ts';
import { POOL_ANNOTATIONS } from '../../kubernetes/load-balancer-annotations.ts';
import type { LoadBalancerDetails } from '../../kubernetes/load-balancer-objects.ts';
import type { Service } from '../../kubernetes/objects.ts';
import { objectKey } from '../../state/object-key.ts';
import type { AddressRequest } from './allocation.ts';
import {
  isOfMetalLB,
  partsOf,
  readAddresses,
  readPool,
  readSharingKey,
  readSharingNamespaces,
} from './request-annotations.ts';

/** @param localNodes externalTrafficPolicy Local: nodes with endpoints of the Service; undefined: Cluster */
export function readRequest(
  service: Service,
  namespaceLabels: ReadonlyMap<string, string>,
  localNodes: ReadonlySet<string> | undefined,
): AddressRequest {
  const { namespace, name, createdAtMs, loadBalancer } = service;
  if (loadBalancer === undefined)
    throw new Error(`BUG: ${objectKey(namespace, name)} wants no load balancer`);
  const { annotations, labels, ipFamilyPolicy } = loadBalancer;
  const addresses = readAddresses(annotations, loadBalancer.loadBalancerIP);
  const pool = readPool(annotations);
  const sharing = readSharing(annotations);
  return {
    service: objectKey(namespace, name),
    namespace,
    createdAtMs,
    labels,
    namespaceLabels,
    families: familiesOf(loadBalancer),
    familyPolicy: ipFamilyPolicy,
    ports: service.ports.map(({ protocol, port }) => ({ protocol, port })),
    addresses: addresses.value ?? [],
    pool: pool.value ?? '',
    sharing: sharing.value,
    localNodes,
    invalid: addresses.invalid ?? pool.invalid ?? sharing.invalid,
    held: loadBalancer.ingress.flatMap(({ ip }) => parseIp(ip) ?? []),
    heldFrom: Object.values(POOL_ANNOTATIONS).flatMap((annotation) =>
      partsOf(annotations.get(annotation) ?? ''),
    ),
  };
}

function readSharing(annotations: ReadonlyMap<string, string>) {
  const key = readSharingKey(annotations);
  const namespaces = readSharingNamespaces(annotations);
  const usual = isOfMetalLB(key.source) ? 'all' : [];
  return {
    value: key.value === undefined ? undefined : { key: key.value, namespaces: namespaces.value ?? usual },
    invalid: key.invalid ?? namespaces.invalid,
  };
}

/** A manifest may demand both without naming them, or name none. */
function familiesOf({ ipFamilies, ipFamilyPolicy }: LoadBalancerDetails): readonly IpFamily[] {
  if (ipFamilyPolicy === 'RequireDualStack') return [...new Set([...ipFamilies, ...IP_FAMILIES])];
  return ipFamilies.length === 0 ? ['IPv4'] : ipFamilies;
}

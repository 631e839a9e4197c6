/** Pools, and what Services ask of them. */
import { familyOf, ipFromNumber, ipToNumber, parseCidr, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { AddressPool, AddressRange, LabelSelector } from 'menwei/kubernetes/load-balancer-objects.ts';
import type { AddressRequest } from 'menwei/loadbalancer/pools/allocation.ts';

/** A Service `ns/<name>` that asks for an IPv4 address, and for port 80. */
export function addressRequest(name: string, more: Partial<AddressRequest> = {}): AddressRequest {
  const namespace = more.namespace ?? 'ns';
  return {
    service: `${namespace}/${name}`,
    namespace,
    createdAtMs: 0,
    labels: new Map(),
    namespaceLabels: new Map(),
    families: ['IPv4'],
    familyPolicy: 'SingleStack',
    ports: [{ protocol: 'TCP', port: 80 }],
    addresses: [],
    pool: '',
    sharing: undefined,
    localNodes: undefined,
    invalid: undefined,
    held: [],
    heldFrom: [],
    ...more,
  };
}

/** An IPAddressPool for everybody. @param ranges `192.0.2.10-192.0.2.20`, `192.0.2.0/24` */
export function addressPool(
  name: string,
  ranges: readonly string[],
  more: Partial<AddressPool> = {},
): AddressPool {
  return {
    kind: 'IPAddressPool',
    namespace: 'metallb-system',
    name,
    createdAtMs: 0,
    labels: new Map(),
    ranges: ranges.map(rangeOf),
    autoAssign: true,
    allowExplicit: true,
    avoidBuggyIPs: false,
    avoidEnds: false,
    serviceAllocation: undefined,
    ...more,
  };
}

/** Of one label. */
export function labelSelector(key: string, value: string): LabelSelector {
  return { requirements: [{ key, operator: 'In', values: [value] }] };
}

function rangeOf(text: string): AddressRange {
  if (parseCidr(text) !== undefined) {
    const { family, address, prefixLength } = parseKnownCidr(text);
    const size = 2n ** BigInt((family === 'IPv4' ? 32 : 128) - prefixLength);
    return { family, first: address, last: ipFromNumber(ipToNumber(address) + size - 1n, family), text };
  }
  const [first = '', last = first] = text.split('-');
  return { family: familyOf(first), first, last, text };
}

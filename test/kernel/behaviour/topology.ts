/** Who is in the cluster under test, and where. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { hasSctp } from '@menwei/kernel/features.ts';
import type { LabSpec, NodeSpec } from '@menwei/lab/topology.ts';
import type { Protocol } from 'menwei/kubernetes/objects.ts';
import { POD_PORT } from './offer.ts';

export const FAMILIES: readonly IpFamily[] = ['IPv4', 'IPv6'];

/** What traffic can be sent over on this machine, as far as there is time for it. */
export const TRANSPORTS: readonly Protocol[] = (
  ['TCP', 'UDP', ...(hasSctp() ? (['SCTP'] as const) : [])] as const
).filter((protocol) => process.env.MENWEI_TEST_TRANSPORTS?.includes(protocol) ?? true);

/** Whoever sends from these belongs to the world outside. */
export const CLIENT_RANGE: Readonly<Record<IpFamily, string>> = {
  IPv4: '203.0.113.0/24',
  IPv6: 'fd00:113::/64',
};

const CLIENT_COUNT = 24;

/** A further address of the outside client, from CLIENT_RANGE; `index` counts from 1 to 24. */
export function clientAddress(family: IpFamily, index: number): string {
  return family === 'IPv4' ? `203.0.113.${index}` : `fd00:113::${index.toString(16)}`;
}

/** The outside client's further addresses. */
export function clientAddresses(family: IpFamily): readonly string[] {
  return Array.from({ length: CLIENT_COUNT }, (_, index) => clientAddress(family, index + 1));
}

export const TOPOLOGY: LabSpec = {
  nodes: [
    {
      name: 'one',
      ip: '192.168.49.2',
      ip6: 'fd00:49::2',
      podCIDR: '10.244.0.0/24',
      podCIDR6: 'fd00:10:244::/64',
      zone: 'east',
    },
    {
      name: 'two',
      ip: '192.168.49.3',
      ip6: 'fd00:49::3',
      podCIDR: '10.244.1.0/24',
      podCIDR6: 'fd00:10:244:1::/64',
      zone: 'west',
    },
  ],
  pods: [
    { name: 'a1', node: 'one', ip: '10.244.0.11', ip6: 'fd00:10:244::11', ports: [POD_PORT] },
    { name: 'a2', node: 'one', ip: '10.244.0.12', ip6: 'fd00:10:244::12', ports: [POD_PORT] },
    { name: 'visitor-a', node: 'one', ip: '10.244.0.13', ip6: 'fd00:10:244::13', ports: [POD_PORT] },
    { name: 'b1', node: 'two', ip: '10.244.1.11', ip6: 'fd00:10:244:1::11', ports: [POD_PORT] },
    { name: 'visitor-b', node: 'two', ip: '10.244.1.13', ip6: 'fd00:10:244:1::13', ports: [POD_PORT] },
    { name: 'host-b', node: 'two', hostNetwork: true, ports: [POD_PORT] },
  ],
  client: {
    ip: '192.168.49.100',
    ip6: 'fd00:49::100',
    moreAddresses: FAMILIES.flatMap(clientAddresses),
  },
};

/** Where the virtual addresses of Services come from; see identityOf in offer.ts. */
export const SERVICE_RANGES = [
  '172.30.0.0/16',
  '198.51.100.0/24',
  '192.0.2.0/24',
  'fd00:172:30::/64',
  'fd00:198:51:100::/64',
];

export const CLUSTER_CIDR = '10.244.0.0/16,fd00:10:244::/56';

/** A node as the Kubernetes object that its proxy looks for. */
export function describeNode(node: NodeSpec): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: { 'kubernetes.io/hostname': node.name, 'topology.kubernetes.io/zone': node.zone },
    },
    spec: { podCIDR: node.podCIDR, podCIDRs: [node.podCIDR, node.podCIDR6] },
    status: {
      addresses: [node.ip, node.ip6].map((address) => ({ type: 'InternalIP', address })),
    },
  };
}

/** Services that use every feature of the nftables mode, for both IP families. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { ADDRESSES, type World } from '@menwei/testing/services/arbitraries.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';

/** Of object names: as long as Kubernetes allows. */
const LONGEST = 'a'.repeat(63);

/** Nodes that differ in what shapes the rules that are there without any Service. */
export const NODES: readonly {
  readonly title: string;
  readonly view: (family: IpFamily) => Partial<NodeView>;
}[] = [
  {
    title: 'pods by CIDR, NodePorts on all addresses',
    view: (family) => ({
      detectLocal: { by: 'cidr', cidr: ADDRESSES[family].pods },
      serviceCIDRs: ADDRESSES[family].serviceRanges,
    }),
  },
  {
    title: 'pods by bridge, NodePorts on some addresses',
    view: (family) => ({
      detectLocal: { by: 'bridge', interface: 'cni0' },
      nodePortAddresses: [`${ADDRESSES[family].outside}9`, ADDRESSES[family].loopback].sort(),
      serviceCIDRs: ADDRESSES[family].serviceRanges.slice(0, 1),
    }),
  },
  {
    title: 'pods by the prefix of an interface, no address for NodePorts',
    view: () => ({ detectLocal: { by: 'prefix', prefix: 'veth' }, nodePortAddresses: [] }),
  },
  { title: 'pods that nothing tells, no ServiceCIDR', view: () => ({ detectLocal: { by: 'none' } }) },
  {
    title: 'a pod CIDR that ends within a byte',
    view: (family) => ({
      detectLocal: { by: 'cidr', cidr: family === 'IPv4' ? '10.128.0.0/9' : 'fd00:10:8000::/33' },
    }),
  },
  {
    title: 'a pod CIDR of all addresses',
    view: (family) => ({ detectLocal: { by: 'cidr', cidr: family === 'IPv4' ? '0.0.0.0/0' : '::/0' } }),
  },
  {
    title: 'a pod CIDR of one address',
    view: (family) => ({
      detectLocal: { by: 'cidr', cidr: family === 'IPv4' ? '10.0.0.1/32' : 'fd00::1/128' },
    }),
  },
];

/** The node with all Services; without session affinity if `affinity` is false. */
export function everyFeature(family: IpFamily, node: Partial<NodeView>, affinity = true): World {
  const view = aNodeView({ family, ip: `${ADDRESSES[family].outside}9`, ...node });
  const ports = featuredPorts(family).map((port) =>
    affinity ? port : { ...port, sessionAffinitySeconds: 0 },
  );
  return { node: view, ports: new Map(ports.map((port) => [port.key, port])) };
}

function featuredPorts(family: IpFamily): readonly ServicePort[] {
  const { service, pod, outside, outsideRange, hostBits } = ADDRESSES[family];
  const everywhere = [1, 2, 3].map((number) => anEndpoint({ ip: `${pod}${number}`, isLocal: number === 1 }));
  const elsewhere = everywhere.slice(1);
  const published: ServicePortFields = {
    externalIPs: [`${outside}1`],
    loadBalancerVIPs: [`${outside}2`, `${outside}3`],
    endpoints: everywhere,
  };
  const fields: readonly ServicePortFields[] = [
    { endpoints: everywhere },
    { endpoints: everywhere.slice(0, 1), protocol: 'UDP', portName: 'dns', sessionAffinitySeconds: 10_800 },
    { endpoints: everywhere, protocol: 'SCTP', nodePort: 30_001, sessionAffinitySeconds: 60 },
    { endpoints: elsewhere, internalPolicyLocal: true },
    { endpoints: everywhere, internalPolicyLocal: true, sessionAffinitySeconds: 1 },
    { ...published, nodePort: 30_002 },
    { ...published, nodePort: 30_003, externalPolicyLocal: true },
    { ...published, nodePort: 30_004, externalPolicyLocal: true, sessionAffinitySeconds: 86_400 },
    { ...published, nodePort: 30_005, externalPolicyLocal: true, endpoints: elsewhere },
    { ...published, nodePort: 30_006, endpoints: [] },
    { ...published, protocol: 'UDP', loadBalancerSourceRanges: [outsideRange] },
    { ...published, loadBalancerSourceRanges: [`${outside}77/${hostBits}`, `${outside}78/${hostBits}`] },
    { ...published, loadBalancerSourceRanges: halves(family) },
    { clusterIP: undefined, nodePort: 30_007, endpoints: everywhere },
    { ...published, namespace: LONGEST, name: LONGEST, portName: LONGEST, sessionAffinitySeconds: 60 },
  ];
  return fields.map((each, index) => ({
    ...aServicePort({
      name: `service-${index}`,
      port: 80 + index,
      clusterIP: `${service}${index + 1}`,
      ...each,
    }),
    family,
  }));
}

/** All addresses there are, as two ranges. */
function halves(family: IpFamily): readonly string[] {
  return family === 'IPv4' ? ['0.0.0.0/1', '128.0.0.0/1'] : ['::/1', '8000::/1'];
}

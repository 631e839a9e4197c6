/** Any packets to the service ports of a world, and any machines that they meet. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Machine, Packet } from '@menwei/netfilter/trace/packet.ts';
import { ADDRESSES, type World } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import { ACCOUNTING_OBJECTS } from 'menwei/backends/iptables/options.ts';
import { ANSWERED_VIPS } from 'menwei/services/answered-vips.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { type ModeOptions, optionsOf } from '../modes.ts';

type Target = Pick<Packet, 'protocol' | 'destination' | 'destinationPort'>;
type Sender = Pick<Packet, 'source' | 'inInterface'>;

/** One address as nodes have them, one more, maybe that of a pod on the host network, maybe a load balancer's. */
export function machines(family: IpFamily): fc.Arbitrary<Machine> {
  const { outside, pod } = ADDRESSES[family];
  return fc
    .subarray([`${pod}3`, `${outside}2`])
    .map((more) => ({ addresses: [`${outside}9`, `${outside}19`, ...more] }));
}

export function options(family: IpFamily): fc.Arbitrary<ModeOptions> {
  return fc
    .record({
      masqueradeAll: fc.boolean(),
      answeredVIPs: fc.constantFrom(...ANSWERED_VIPS),
      localhostNodePorts: family === 'IPv4' ? fc.boolean() : fc.constant(false),
      conntrackLiberal: fc.boolean(),
      accounting: fc.subarray([...ACCOUNTING_OBJECTS]),
    })
    .map((fields) => optionsOf(family, fields));
}

/** From anywhere to one of the ports, or beside them. */
export function packets(family: IpFamily, ports: readonly ServicePort[]): fc.Arbitrary<Packet> {
  const { loopback } = ADDRESSES[family];
  return fc
    .tuple(senders(family), targets(family, ports))
    .map(([sender, target]): Packet => ({ ...sender, ...target }))
    .filter((packet) => isPossible(packet, loopback));
}

function senders(family: IpFamily): fc.Arbitrary<Sender> {
  const { outside, pod, loopback } = ADDRESSES[family];
  const stranger = family === 'IPv4' ? '198.51.100.1' : '2001:db8:1::1';
  const source = fc.constantFrom(
    ...[1, 2, 3, 99].map((number) => `${pod}${number}`),
    ...[2, 5, 9, 77].map((number) => `${outside}${number}`),
    stranger,
  );
  const visitors = fc.record({ source, inInterface: fc.constantFrom('eth0', 'cni0', 'veth1') });
  const own = fc.constantFrom(`${outside}9`, `${outside}19`, `${outside}2`, `${pod}3`, loopback);
  return fc.oneof(
    { weight: 2, arbitrary: visitors },
    { weight: 1, arbitrary: own.map((ip) => ({ source: ip, inInterface: undefined })) },
  );
}

/** Mostly what some port is reached by, now and then something beside it. */
function targets(family: IpFamily, ports: readonly ServicePort[]): fc.Arbitrary<Target> {
  const { outside, service } = ADDRESSES[family];
  const strays = [`${outside}9`, `${service}77`].map(
    (destination): Target => ({ protocol: 'TCP', destination, destinationPort: 80 }),
  );
  const door = fc.constantFrom(...ports.flatMap((port) => doorsOf(family, port)), ...strays);
  const change = fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.record({ protocol: fc.constantFrom('TCP', 'UDP', 'SCTP', 'ICMP') }) },
    { weight: 1, arbitrary: fc.record({ destinationPort: fc.constantFrom(80, 81, 8080, 30_000, 30_001) }) },
  );
  return fc.tuple(door, change).map(([target, changed]) => ({ ...target, ...changed }));
}

function doorsOf(family: IpFamily, port: ServicePort): readonly Target[] {
  const { outside, loopback } = ADDRESSES[family];
  const { protocol, clusterIP, externalIPs, loadBalancerVIPs } = port;
  const own = [...(clusterIP === undefined ? [] : [clusterIP]), ...externalIPs, ...loadBalancerVIPs];
  const nodes = port.nodePort === 0 ? [] : [`${outside}9`, `${outside}19`, `${outside}29`, loopback];
  return [
    ...own.map((destination) => ({ protocol, destination, destinationPort: port.port })),
    ...nodes.map((destination) => ({ protocol, destination, destinationPort: port.nodePort })),
  ];
}

/** Others than the node itself don't reach its localhost, nor does it send from another address there. */
function isPossible({ source, destination, inInterface }: Packet, loopback: string): boolean {
  return destination !== loopback || (source === loopback && inInterface === undefined);
}

/** A pod is on one node, whichever Services it is behind: here those whose addresses end in an odd number. */
export function withPodsInPlace({ node, ports }: World): World {
  const placed = ([key, port]: readonly [ServicePort['key'], ServicePort]) => {
    const endpoints = port.endpoints.map((endpoint) => ({
      ...endpoint,
      isLocal: /[13579]$/.test(endpoint.ip),
    }));
    return [key, { ...port, endpoints }] as const;
  };
  return { node, ports: new Map(Array.from(ports, placed)) };
}

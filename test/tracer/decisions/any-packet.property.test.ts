/** Any packet to any service port goes where the policies say, whatever else is programmed beside it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpFamily } from '../../../src/addresses/ip.ts';
import { ACCOUNTING_OBJECTS } from '../../../src/backends/iptables/options.ts';
import { ADDRESSES, type World, worlds } from '../../../src/services/arbitraries.ts';
import type { ServicePort } from '../../../src/services/service-port.ts';
import { MODES_AND_FAMILIES, type ModeOptions, optionsOf } from '../modes.ts';
import type { Machine, Packet } from '../packet.ts';
import { decide } from '../policy.ts';
import { aTestbed } from '../testbed.ts';
import { describeWays, type Way } from '../trace.ts';

type Target = Pick<Packet, 'protocol' | 'destination' | 'destinationPort'>;
type Sender = Pick<Packet, 'source' | 'inInterface'>;

/** One address as nodes have them, one more, maybe that of a pod on the host network, maybe a load balancer's. */
function machines(family: IpFamily): fc.Arbitrary<Machine> {
  const { outside, pod } = ADDRESSES[family];
  return fc
    .subarray([`${pod}3`, `${outside}2`])
    .map((more) => ({ addresses: [`${outside}9`, `${outside}19`, ...more] }));
}

function options(family: IpFamily): fc.Arbitrary<ModeOptions> {
  return fc
    .record({
      masqueradeAll: fc.boolean(),
      localhostNodePorts: family === 'IPv4' ? fc.boolean() : fc.constant(false),
      conntrackLiberal: fc.boolean(),
      accounting: fc.subarray([...ACCOUNTING_OBJECTS]),
    })
    .map((fields) => optionsOf(family, fields));
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
function targets(family: IpFamily, { ports }: World): fc.Arbitrary<Target> {
  const doors = [...ports.values()].flatMap((port) => doorsOf(family, port));
  const fallback: Target = {
    protocol: 'TCP',
    destination: `${ADDRESSES[family].outside}9`,
    destinationPort: 80,
  };
  const door = doors.length === 0 ? fc.constant(fallback) : fc.constantFrom(...doors);
  const change = fc.oneof(
    { weight: 6, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.record({ protocol: fc.constantFrom('TCP', 'UDP', 'SCTP') }) },
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

function isEven(ways: readonly Way[]): boolean {
  return ways.every(({ chance }) => Math.abs(chance * ways.length - 1) < 1e-9);
}

/** A pod is on one node, whichever Services it is behind: here those whose addresses end in an odd number. */
function withPodsInPlace({ node, ports }: World): World {
  const placed = ([key, port]: readonly [ServicePort['key'], ServicePort]) => {
    const endpoints = port.endpoints.map((endpoint) => ({
      ...endpoint,
      isLocal: /[13579]$/.test(endpoint.ip),
    }));
    return [key, { ...port, endpoints }] as const;
  };
  return { node, ports: new Map(Array.from(ports, placed)) };
}

describe.each(MODES_AND_FAMILIES)('service ports, %s, %s', (mode, family) => {
  const scenes = worlds(family)
    .map(withPodsInPlace)
    .chain((world) => {
      const packet = fc
        .tuple(senders(family), targets(family, world))
        .map(([sender, target]): Packet => ({ ...sender, ...target }))
        .filter((possible) => isPossible(possible, ADDRESSES[family].loopback));
      return fc.record({
        world: fc.constant(world),
        options: options(family),
        machine: machines(family),
        packets: fc.array(packet, { minLength: 30, maxLength: 60 }),
      });
    });

  it('get exactly the traffic that their policies grant them, spread evenly', () => {
    fc.assert(
      fc.property(scenes, ({ world, machine, options: given, packets }) => {
        const { node } = world;
        const ports = [...world.ports.values()];
        const { addresses } = machine;
        const { deliver } = aTestbed(mode, family, { ports, node, options: given, addresses });
        for (const packet of packets) {
          const ways = deliver(packet);
          const expected = decide({ mode, node, options: given, machine }, ports, packet);
          expect({ packet, end: describeWays(ways), isEven: isEven(ways) }).toEqual({
            packet,
            end: expected,
            isEven: true,
          });
        }
      }),
    );
  });
});

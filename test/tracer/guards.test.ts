/**
 * From one state to another: whatever stands between two changes of the kernel, nobody gets to where neither the old nor
 * the new state leads them, unmasqueraded only where one of those does so, and nobody whom both let in is kept out.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { describe, expect, it } from 'vitest';
import { type GuardedMachine, MACHINES } from './guards/machines.ts';
import { HOSTS, type PortOfFields, packetOf, portOf, programOf, type Sender } from './testbed.ts';

/** What a Service may be, by name. */
const SERVICES: Readonly<Record<string, PortOfFields>> = {
  open: { endpoints: ['here', 'elsewhere'] },
  'for A': { endpoints: ['here', 'elsewhere'], loadBalancerSourceRanges: ['A'] },
  'for B': { endpoints: ['here', 'elsewhere'], loadBalancerSourceRanges: ['B'] },
  'for A, Local': {
    endpoints: ['here', 'elsewhere'],
    loadBalancerSourceRanges: ['A'],
    externalPolicyLocal: true,
  },
  'Local, some here': {
    endpoints: ['here', 'elsewhere'],
    externalPolicyLocal: true,
    internalPolicyLocal: true,
  },
  'Local, none here': {
    endpoints: ['unreadyHere', 'elsewhere'],
    externalPolicyLocal: true,
    internalPolicyLocal: true,
  },
  'without endpoints': { endpoints: ['unreadyHere'] },
  'for A, without endpoints': { endpoints: ['unreadyHere'], loadBalancerSourceRanges: ['A'] },
  elsewhere: { endpoints: ['unreadyHere', 'elsewhere'] },
};

const STATES = ['nothing', ...Object.keys(SERVICES)];
const CHANGES = STATES.flatMap((from) => STATES.filter((to) => to !== from).map((to) => [from, to] as const));

const RANGES: Readonly<Record<IpFamily, Readonly<Record<string, string>>>> = {
  IPv4: { A: '203.0.113.0/25', B: '203.0.113.128/25' },
  IPv6: { A: '2001:db8::/64', B: '2001:db8:0:1::/64' },
};

const SENDERS: readonly Sender[] = ['client', 'client2', 'pod', 'podElsewhere', 'node'];
const TARGETS = ['clusterIP:80', 'externalIP:80', 'vip:80', 'node:30080'];

function service(family: IpFamily, name: string): readonly ServicePort[] {
  const fields = SERVICES[name];
  if (fields === undefined) return [];
  const ranges = fields.loadBalancerSourceRanges?.map((range) => RANGES[family][range] ?? range);
  return [
    portOf(family, {
      everywhere: true,
      ...fields,
      ...(ranges === undefined ? {} : { loadBalancerSourceRanges: ranges }),
    }),
  ];
}

/** Where packets get, by who sends them where. */
type Ways = ReadonlyMap<string, ReadonlySet<string>>;
const NOWHERE: ReadonlySet<string> = new Set();

function waysThrough(machine: GuardedMachine, family: IpFamily): Ways {
  return new Map(
    SENDERS.flatMap((from) =>
      TARGETS.map((to) => [`${from} → ${to}`, machine.send(packetOf(family, from, to))] as const),
    ),
  );
}

/** What is wrong with a state between two others, in words. */
function breaches(between: Ways, old: Ways, final: Ways): readonly string[] {
  return [...between].flatMap(([way, ends]) => {
    const [before = NOWHERE, after = NOWHERE] = [old.get(way), final.get(way)];
    const allowed = new Set([...before, ...after]);
    // Who is masqueraded needlessly gets an answer all the same.
    const wrong = [...ends].filter((end) => !allowed.has(end) && !allowed.has(end.replace('*', '')));
    const isShut = [before, after].every(isServed) && !isServed(ends);
    return [...wrong.map((end) => `${way} gets to ${end}`), ...(isShut ? [`${way} is kept out`] : [])];
  });
}

function isServed(ends: ReadonlySet<string>): boolean {
  return [...ends].some((end) => end.includes(':'));
}

describe.each(MACHINES)('in $mode mode', ({ open }) => {
  describe.each(IP_FAMILIES)('%s', (family) => {
    const { node } = programOf(family, { ports: [] });
    const view = { ...node, localAddresses: [node.ip ?? ''] };

    const neighbour = portOf(family, {
      name: 'other',
      clusterIP: HOSTS[family].clusterIP,
      port: 8443,
      loadBalancerVIPs: [HOSTS[family].vip2],
      loadBalancerSourceRanges: Object.values(RANGES[family]),
      endpoints: ['here'],
    });

    it.each(CHANGES)('from "%s" to "%s", alone and beside another Service', async (from, to) => {
      for (const others of [[], [neighbour]]) {
        const machine = open(family);
        const [before, after] = [from, to].map((name) => [...service(family, name), ...others]);
        await machine.change(view, before ?? [], () => undefined);
        const old = waysThrough(machine, family);
        const seen: Ways[] = [];
        await machine.change(view, after ?? [], () => seen.push(waysThrough(machine, family)));
        const final = waysThrough(machine, family);
        expect(
          seen.flatMap((ways, step) => breaches(ways, old, final).map((what) => `${step}: ${what}`)),
        ).toEqual([]);
      }
    });
  });
});

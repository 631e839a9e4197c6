/**
 * After every cleaning there are exactly those entries that the rules of that moment could have made, and those that have nothing
 * to do with them: whatever changed, whichever syncs and cleanings failed on the way.
 */

import { isDeepStrictEqual } from 'node:util';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { ConntrackEntry } from '@menwei/netlink/conntrack';
import { anEntry, FakeConntrackTable } from '@menwei/testing/conntrack/testing.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Protocol } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import { ConntrackCleaner } from './cleaner.ts';

const NODE = '203.0.113.9';
const PODS = [1, 2, 3, 4].map((number) => `10.0.0.${number}`);
const SHARED_IPS = ['198.51.100.1', '198.51.100.2'];
const NODE_PORTS = [30_053, 30_054];
const LASTING = ['UDP', 'SCTP'] as const;

type World = ReadonlyMap<ServicePortKey, ServicePort>;

/**
 * Up to three service ports that share pods, and of which no two have the same address.
 *
 * @param main of the most
 */
const worlds = (main: Protocol, protocols: readonly Protocol[]): fc.Arbitrary<World> =>
  fc
    .tuple(
      fc.array(fc.option(wantedPorts(), { nil: undefined }), { minLength: 3, maxLength: 3 }),
      fc.constantFrom(...protocols),
    )
    .map(([wanted, protocol]) => {
      const world = new Map<ServicePortKey, ServicePort>();
      const taken = new Set<string | number>();
      const take = <T extends string | number>(wish: T): boolean =>
        !taken.has(wish) && taken.add(wish).size > 0;
      for (const [index, wish] of wanted.entries()) {
        if (wish === undefined) continue;
        const { isBack, pods, externalIPs, nodePort } = wish;
        const port = aServicePort({
          name: `dns-${index}`,
          protocol: index === 2 ? protocol : main,
          port: 53,
          clusterIP: `172.30.0.${index}${isBack ? '' : '0'}`,
          externalIPs: externalIPs.filter(take),
          nodePort: nodePort !== 0 && take(nodePort) ? nodePort : 0,
          endpoints: pods.map(([number, usable]) =>
            anEndpoint({ ip: PODS[number] ?? '', port: 5353, ready: usable, serving: usable }),
          ),
        });
        world.set(port.key, port);
      }
      return world;
    });

function wantedPorts() {
  const pod = fc.tuple(fc.nat(PODS.length - 1), fc.boolean());
  return fc.record({
    isBack: fc.boolean(),
    pods: fc.uniqueArray(pod, { maxLength: 4, selector: ([number]) => number }),
    externalIPs: fc.subarray(SHARED_IPS),
    nodePort: fc.constantFrom(0, ...NODE_PORTS),
  });
}

/** Everywhere that a client may send to. */
const DESTINATIONS = [
  ...[0, 1, 2].flatMap((index) => [`172.30.0.${index}:53`, `172.30.0.${index}0:53`]),
  ...SHARED_IPS.map((ip) => `${ip}:53`),
  ...NODE_PORTS.flatMap((port) => [`${NODE}:${port}`, `203.0.113.77:${port}`, `10.0.0.1:${port}`]),
  '10.0.0.1:5353',
];

/** Who a client may be answered by that sends there: nothing but this world decides. */
function possibleEntries(world: World, protocols: readonly Protocol[]): readonly ConntrackEntry[] {
  const entries: ConntrackEntry[] = [];
  for (const protocol of protocols) {
    for (const destination of DESTINATIONS) {
      const owner = [...world.values()].find((port) => isReachedAt(port, protocol, destination));
      if (owner === undefined) entries.push(anEntry(destination, protocol));
      else
        for (const { text, serving } of owner.endpoints)
          if (serving) entries.push(anEntry(`${destination} → ${text}`, protocol));
    }
  }
  return entries;
}

function isReachedAt(service: ServicePort, protocol: string, destination: string): boolean {
  const { clusterIP = '', externalIPs, nodePort, port } = service;
  const addresses = [
    ...[clusterIP, ...externalIPs].map((ip) => formatHostPort(ip, port)),
    `${NODE}:${nodePort}`,
  ];
  return service.protocol === protocol && addresses.includes(destination);
}

/** Made by somebody else. */
const FOREIGN = [
  '172.30.9.9:53 → 10.0.0.1:5353',
  `${NODE}:30099 → 10.0.0.2:5353`,
  '203.0.113.77:30053 → 10.9.9.9:53',
];

const steps = (main: Protocol, protocols: readonly Protocol[]) =>
  fc.array(
    fc.record({
      world: worlds(main, protocols),
      syncFails: fc.boolean(),
      cleaningFails: fc.boolean(),
      isUnknown: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  );

const never = new AbortController().signal;

function isForeign({ destination, replySource }: ConntrackEntry): boolean {
  return FOREIGN.includes(
    `${formatHostPort(destination.ip, destination.port)} → ${formatHostPort(replySource.ip, replySource.port)}`,
  );
}

function texts(entries: readonly ConntrackEntry[]): readonly string[] {
  return entries.map((entry) => JSON.stringify(entry)).sort();
}

function distinct(entries: readonly ConntrackEntry[]): readonly ConntrackEntry[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

it('leaves what the rules would make, and what is not theirs', async () => {
  await fc.assert(
    fc.asyncProperty(steps('UDP', LASTING), async (history) => {
      const table = new FakeConntrackTable();
      const cleaner = new ConntrackCleaner({
        family: 'IPv4',
        kind: 'lasting',
        table,
        localAddresses: () => [NODE],
        logger: silentLogger,
      });
      // Before the first sync there are no rules.
      table.entries = [...FOREIGN.map((text) => anEntry(text)), ...possibleEntries(new Map(), LASTING)];
      const changed = new Map<ServicePortKey, ServicePort | undefined>();
      let isKnown = false;
      let former: World = new Map();
      for (const { world, syncFails, cleaningFails, isUnknown } of history) {
        for (const key of [...former.keys(), ...world.keys()]) changed.set(key, world.get(key));
        former = world;
        if (syncFails) continue;
        cleaner.note({
          ports: new Map(changed),
          node: aNodeView(),
          complete: !isKnown || isUnknown,
        });
        changed.clear();
        isKnown = true;
        const possible = possibleEntries(world, LASTING);
        const legal = new Set(texts([...table.entries.filter(isForeign), ...possible]));
        const expected = texts(table.entries).filter((entry) => legal.has(entry));
        if (cleaningFails) table.failure = new Error('no such luck');
        if (await cleaner.clean(never)) expect(texts(table.entries)).toEqual(expected);
        else expect(texts(table.entries)).toEqual(expect.arrayContaining([...expected]));
        table.entries = distinct([...table.entries, ...possible]);
      }
    }),
    { numRuns: 500 },
  );
});

/** In both forms. */
function waitingOrNot(entries: readonly ConntrackEntry[]): readonly ConntrackEntry[] {
  return entries.flatMap((entry) => [entry, { ...entry, isUnreplied: true }]);
}

/** A slow reference: an unanswered entry stays only if it leads where the rules lead now, or is nobody's business. */
function isLegal(entry: ConntrackEntry, legal: ReadonlySet<string>): boolean {
  const { isUnreplied = false, ...answered } = entry;
  return !isUnreplied || isForeign(entry) || legal.has(JSON.stringify(answered));
}

/** Whether its first packet met no rules: it may go when its address is looked at, and is not looked for. */
function isRaw({ destination, replySource }: ConntrackEntry): boolean {
  return isDeepStrictEqual(destination, replySource);
}

it('of TCP leaves what was answered, and what the rules would make', async () => {
  await fc.assert(
    fc.asyncProperty(steps('TCP', ['TCP']), async (history) => {
      const table = new FakeConntrackTable();
      const cleaner = new ConntrackCleaner({
        family: 'IPv4',
        kind: 'unreplied',
        table,
        localAddresses: () => [NODE],
        logger: silentLogger,
        replyTimeMs: 0,
      });
      table.entries = waitingOrNot([
        ...FOREIGN.map((text) => anEntry(text, 'TCP')),
        ...possibleEntries(new Map(), ['TCP']),
      ]);
      const changed = new Map<ServicePortKey, ServicePort | undefined>();
      let isKnown = false;
      let former: World = new Map();
      for (const { world, syncFails, cleaningFails, isUnknown } of history) {
        for (const key of [...former.keys(), ...world.keys()]) changed.set(key, world.get(key));
        former = world;
        if (syncFails) continue;
        const complete = !isKnown || isUnknown;
        cleaner.note({ ports: new Map(changed), node: aNodeView(), complete });
        changed.clear();
        isKnown = true;
        const possible = possibleEntries(world, ['TCP']);
        const legal = new Set(texts(possible));
        const compared = (entries: readonly ConntrackEntry[]) =>
          texts(complete ? entries : entries.filter((entry) => !isRaw(entry) || entry.isUnreplied !== true));
        const expected = compared(table.entries.filter((entry) => isLegal(entry, legal)));
        if (cleaningFails) table.failure = new Error('no such luck');
        const isDone = await cleaner.clean(never);
        // What was thrown away is not called back.
        table.failure = undefined;
        if (isDone) {
          expect(compared(table.entries)).toEqual(expected);
        } else expect(compared(table.entries)).toEqual(expect.arrayContaining([...expected]));
        table.entries = distinct([...table.entries, ...waitingOrNot(possible)]);
      }
    }),
    { numRuns: 300 },
  );
});

/** How much of the table a change touches, and that every endpoint has the same chance. */

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import {
  type Element,
  type Expression,
  formatKey,
  type Operation,
  type SetDeclaration,
  type TableContent,
  type Transaction,
  tableFamily,
} from '@menwei/netlink/nftables';
import { fillPlan, updatePlan } from '@menwei/testing/backends/laws.ts';
import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';
import { ADDRESSES, servicePorts, type World } from '@menwei/testing/services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../../kubernetes/objects.ts';
import { atOnce } from '../../scheduling/steps.ts';
import type { Endpoint, ServicePort } from '../../state/service-port.ts';
import type { Plan } from '../backend.ts';
import { endpointMaps, type FrontendKind, SETS } from './names.ts';
import { FIRST_LOCAL_SLOT } from './pick-chains.ts';
import { split } from './slots.ts';
import type { NftablesState } from './state.ts';
import type { NftablesUnit } from './unit.ts';
import { endpointSize } from './values.ts';

const FRONTEND_KINDS: readonly FrontendKind[] = ['ip', 'nodeport'];
type NftablesPlan = Plan<NftablesUnit, NftablesState>;

function worldOf(port: ServicePort): World {
  return { node: aNodeView({ family: port.family }), ports: new Map([[port.key, port]]) };
}

function contentOf(plan: NftablesPlan): TableContent {
  const content = plan.complete();
  if (content === undefined) throw new Error('BUG: a plan without a table');
  return content;
}

/** The frontend and the slot that an element of a map of endpoints is about. */
function placeOf(
  set: SetDeclaration,
  { key }: Element,
): { readonly frontend: string; readonly slot: number } {
  const text = formatKey(set, key);
  const end = text.lastIndexOf(' . ');
  return { frontend: text.slice(0, end), slot: Number(text.slice(end + ' . '.length)) };
}

function elementsOf(content: TableContent, map: string) {
  const set = content.sets.get(map);
  if (set === undefined) throw new Error(`BUG: there is no map ${map}`);
  return Array.from(content.elements.get(map)?.values() ?? [], (element) => ({ set, element }));
}

interface Touched {
  deleted: number;
  added: number;
}

/** How many elements of the maps of endpoints are touched, by frontend and by kind of slot. */
function touchedEndpoints(transaction: Transaction): ReadonlyMap<string, Touched> {
  const touched = new Map<string, Touched>();
  for (const operation of transaction) {
    if (operation.do !== 'add elements' && operation.do !== 'delete elements') continue;
    if (!FRONTEND_KINDS.flatMap(endpointMaps).includes(operation.set.name)) continue;
    for (const element of operation.elements) {
      const { frontend, slot } = placeOf(operation.set, element);
      const name = `${frontend} ${slot < FIRST_LOCAL_SLOT ? 'all' : 'local'}`;
      const counts = touched.get(name) ?? { deleted: 0, added: 0 };
      touched.set(name, counts);
      if (operation.do === 'add elements') counts.added++;
      else counts.deleted++;
    }
  }
  return touched;
}

/** All that is left of a transaction without endpoints and what is said of them elsewhere. */
function others(transaction: Transaction): readonly string[] {
  const ofEndpoints = FRONTEND_KINDS.flatMap((kind) => [...endpointMaps(kind), SETS[kind].affinityPairs]);
  return transaction
    .filter(
      (operation) =>
        !('set' in operation) ||
        typeof operation.set === 'string' ||
        !ofEndpoints.includes(operation.set.name),
    )
    .map((operation) => operation.do);
}

/** It looks at every verdict in the table for each of these. */
function needsCheck(operation: Operation): boolean {
  return operation.do === 'add rule' || (operation.do === 'add elements' && operation.set.data === 'verdict');
}

describe.each(IP_FAMILIES)('one endpoint more or less, %s', (family) => {
  const backend = openBackend(new FakeNfTables(), family);
  const { pod } = ADDRESSES[family];

  /** A service port of the world, with other endpoints: all are ready and up, any of them on this node. */
  const ports = fc.tuple(servicePorts(family), fc.array(fc.boolean(), { minLength: 2, maxLength: 60 })).map(
    ([port, areLocal]): ServicePort => ({
      ...port,
      health: undefined,
      balancing: DEFAULT_BALANCING,
      endpoints: areLocal.map(endpointAt),
    }),
  );

  function endpointAt(isLocal: boolean, index: number): Endpoint {
    return anEndpoint({ ip: `${pod}${index + 1}`, isLocal });
  }

  /** From one list of endpoints to the other. */
  function change(port: ServicePort, endpoints: readonly Endpoint[]): Transaction {
    const from = worldOf(port);
    const plan = fillPlan(backend, from);
    const { before, after } = updatePlan(backend, plan, from, worldOf({ ...port, endpoints }));
    return backend.diff(before, after).transaction;
  }

  it('touches two slots at most where one is gone', () => {
    fc.assert(
      fc.property(ports, fc.nat(), (port, chosen) => {
        const gone = chosen % port.endpoints.length;
        const transaction = change(
          port,
          port.endpoints.filter((_, index) => index !== gone),
        );
        for (const { deleted, added } of touchedEndpoints(transaction).values()) {
          expect(deleted).toBeLessThanOrEqual(2);
          expect(added).toBe(deleted - 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('touches one slot where one is new', () => {
    fc.assert(
      fc.property(ports, fc.boolean(), (port, isLocal) => {
        const added = endpointAt(isLocal, port.endpoints.length);
        const transaction = change(port, [added, ...port.endpoints]);
        for (const touched of touchedEndpoints(transaction).values()) {
          expect(touched).toEqual({ deleted: 0, added: 1 });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('touches slots in proportion to its weight, whoever else has weights', () => {
    const weighed = fc.tuple(ports, fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 60 }));
    fc.assert(
      fc.property(weighed, fc.nat(), fc.boolean(), ([port, weights], chosen, isSlow) => {
        // Some are as light as can be, so that all weights are whole numbers of slots.
        const endpoints = port.endpoints.map((endpoint, index) => {
          return { ...endpoint, weight: index < 2 ? 1 : (weights[index] ?? 1) };
        });
        const balancing = isSlow ? { ...DEFAULT_BALANCING, slowStartMs: 1_000 } : DEFAULT_BALANCING;
        const all = {
          ...port,
          balancing,
          endpoints: [...endpoints, anEndpoint({ ip: `${pod}99`, weight: 1 })],
        };
        const index = chosen % endpoints.length;
        const slots = (endpoints[index]?.weight ?? 0) * (isSlow ? 10 : 1);
        const transaction = change(all, all.endpoints.toSpliced(index, 1));
        for (const { deleted, added } of touchedEndpoints(transaction).values()) {
          expect(deleted - added).toBeLessThanOrEqual(slots);
          expect(added).toBeLessThanOrEqual(slots);
        }
      }),
    );
  });

  it('changes nothing else but where the frontend leads', () => {
    const port = aServicePort({
      clusterIP: `${ADDRESSES[family].service}1`,
      endpoints: Array.from({ length: 50 }, (_, index) => endpointAt(false, index)),
    });
    const fewer = change(port, port.endpoints.slice(1));
    expect(others(fewer)).toEqual([
      'add chain',
      'add rule',
      'delete elements',
      'add elements',
      'add elements',
    ]);
    const plan = fillPlan(backend, worldOf(port));
    updatePlan(backend, plan, worldOf(port), worldOf({ ...port, endpoints: port.endpoints.slice(1) }));
    const back = updatePlan(
      backend,
      plan,
      worldOf({ ...port, endpoints: port.endpoints.slice(1) }),
      worldOf(port),
    );
    // The chain for 50 endpoints is still there.
    expect(others(backend.diff(back.before, back.after).transaction)).toEqual([
      'delete elements',
      'add elements',
    ]);
  });

  it('has nothing for the kernel to check for loops once there were so many', () => {
    const ports = servicePorts(family).map((port) => ({ ...port, sessionAffinitySeconds: 0 }));
    fc.assert(
      fc.property(ports, ports, (port, other) => {
        const nothing = { node: aNodeView({ family }), ports: new Map<string, ServicePort>() };
        const changed = { ...other, key: port.key };
        const plan = fillPlan(backend, nothing);
        const worlds = [worldOf(port), worldOf(changed), nothing];
        const rounds = [nothing, ...worlds, ...worlds].flatMap((world, index, all) => {
          const next = all[index + 1];
          if (next === undefined) return [];
          const { before, after } = updatePlan(backend, plan, world, next);
          return [backend.diff(before, after).transaction];
        });
        expect(rounds.slice(worlds.length).flat().filter(needsCheck)).toEqual([]);
      }),
    );
  });

  it('finds the same by the touched part as by comparing everything', () => {
    fc.assert(
      fc.property(fc.array(ports, { minLength: 1, maxLength: 5 }), ports, (world, changed) => {
        const from = { node: aNodeView({ family }), ports: new Map(world.map((port) => [port.key, port])) };
        const to = { ...from, ports: new Map([...from.ports, [changed.key, changed]]) };
        const plan = fillPlan(backend, from);
        const complete = plan.complete();
        const { before, after } = updatePlan(backend, plan, from, to);
        expect(sorted(backend.diff(before, after).transaction)).toEqual(
          sorted(backend.diff(complete, plan.complete()).transaction),
        );
      }),
    );
  });

  it('leaves everybody seated at a restart, whichever frontend is new', () => {
    const members = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(members, { minLength: 1, maxLength: 6 }), fc.boolean(), (history, isLocal) => {
        const ofMembers = (numbers: readonly number[]): ServicePort =>
          aServicePort({
            clusterIP: `${ADDRESSES[family].service}1`,
            nodePort: 30_000,
            externalIPs: [`${ADDRESSES[family].outside}1`],
            externalPolicyLocal: isLocal,
            endpoints: numbers.map((number) =>
              anEndpoint({ ip: `${pod}${number}`, isLocal: number % 2 === 0 }),
            ),
          });
        let port = ofMembers([]);
        const plan = fillPlan(backend, worldOf(port));
        for (const numbers of history) {
          const next = ofMembers(numbers);
          updatePlan(backend, plan, worldOf(port), worldOf(next));
          port = next;
        }
        const moved = { ...port, clusterIP: `${ADDRESSES[family].service}2` };
        const restarted = fillPlan(backend, worldOf(moved));
        const observed = plan.complete();
        atOnce(restarted.settle(observed));
        const touched = touchedEndpoints(backend.diff(observed, restarted.complete()).transaction);
        expect([...touched.keys()].filter((name) => !name.startsWith(ADDRESSES[family].service))).toEqual([]);
      }),
    );
  });
});

function sorted(transaction: Transaction): Transaction {
  return transaction.map((operation) =>
    'elements' in operation
      ? { ...operation, elements: [...operation.elements].sort((a, b) => (a.key < b.key ? -1 : 1)) }
      : operation,
  );
}

describe.each(IP_FAMILIES)('every endpoint has the same chance, %s', (family) => {
  const { service, pod, outside } = ADDRESSES[family];
  const backend = openBackend(new FakeNfTables(), family);

  function portWith(count: number): ServicePort {
    return aServicePort({
      clusterIP: `${service}1`,
      nodePort: 30_000,
      externalIPs: [`${outside}1`],
      externalPolicyLocal: true,
      endpoints: Array.from({ length: count }, (_, index) =>
        // Somewhere in the address, so that the order of texts is not that of numbers.
        anEndpoint({ ip: `${pod}1`, port: 1 + index, isLocal: index % 3 === 0 }),
      ),
    });
  }

  /** Endpoints by slot, of every frontend. */
  function seats(content: TableContent): ReadonlyMap<string, ReadonlyMap<number, string | undefined>> {
    const byFrontend = new Map<string, Map<number, string | undefined>>();
    for (const kind of FRONTEND_KINDS) {
      for (const { set, element } of endpointMaps(kind).flatMap((map) => elementsOf(content, map))) {
        const { frontend, slot } = placeOf(set, element);
        const name = `${frontend} ${slot < FIRST_LOCAL_SLOT ? 'all' : 'local'}`;
        const slots = byFrontend.get(name) ?? new Map<number, string | undefined>();
        byFrontend.set(name, slots.set(slot % FIRST_LOCAL_SLOT, element.data));
      }
    }
    return byFrontend;
  }

  function isDealtOut(slots: ReadonlyMap<number, string | undefined>, count: number): boolean {
    const occupants = new Set(slots.values());
    const isFilled = Array.from({ length: count }, (_, slot) => slots.has(slot)).every(Boolean);
    return isFilled && slots.size === count && occupants.size === count && !occupants.has(undefined);
  }

  /** The numbers that a chain draws from, following it to where it draws. */
  function range(content: TableContent, verdict: string | undefined): Expression | undefined {
    const chain = content.chains.get(verdict?.replace('goto ', '') ?? '');
    const expressions = chain?.rules.flatMap((rule) => rule.expressions) ?? [];
    const drawing = expressions.find(({ name }) => name === 'numgen');
    const next = expressions.find((expression) => expression.name === 'immediate');
    if (drawing !== undefined || next?.name !== 'immediate' || !('chain' in next.verdict)) return drawing;
    return range(content, `goto ${next.verdict.chain}`);
  }

  /** Of the first frontend in a map. */
  function rangeOf(content: TableContent, map: string, picks: string): Expression | undefined {
    const [frontend] = content.elements.get(map)?.values() ?? [];
    return range(content, content.elements.get(picks)?.get(frontend?.data ?? '')?.data);
  }

  it('in exactly one slot of 0 to n - 1 for every n up to 1,000, coming one by one', () => {
    const node = aNodeView({ family });
    let unit: NftablesUnit | undefined;
    for (let count = 1; count <= 1_000; count++) {
      unit = backend.compile(portWith(count), node, unit);
      const { all, local, picks } = unit;
      const localCount = Math.ceil(count / 3);
      const size = endpointSize(tableFamily(family));
      expect([all.length / size, new Set(split(all, size)).size]).toEqual([count, count]);
      expect([local.length / size, new Set(split(local, size)).size]).toEqual([localCount, localCount]);
      expect(new Set(picks.map(({ among, by }) => among === 'all' && by !== 'memory' && by.count))).toEqual(
        new Set([count, false]),
      );
    }
  });

  it.each([1, 2, 3, 4, 7, 100, 1_000])('of %d slots, and is looked for in as many', (count) => {
    const content = contentOf(fillPlan(backend, worldOf(portWith(count))));
    const local = Math.ceil(count / 3);
    for (const [name, slots] of seats(content)) {
      expect(isDealtOut(slots, name.endsWith('all') ? count : local)).toBe(true);
    }
    expect(seats(content).size).toBe(5);
    const { ip, nodeport } = SETS;
    expect(rangeOf(content, ip.frontends, ip.picks)).toMatchObject({ modulus: count, offset: 0 });
    const localRange = { modulus: local, offset: FIRST_LOCAL_SLOT };
    expect(rangeOf(content, nodeport.local, nodeport.picks)).toMatchObject(localRange);
  });

  it('whoever comes and goes', () => {
    const members = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 }), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(members, (history) => {
        let world = worldOf(portWith(0));
        const plan = fillPlan(backend, world);
        for (const numbers of history) {
          const endpoints = numbers.map((number) => anEndpoint({ ip: `${pod}2`, port: number }));
          const next = worldOf({ ...portWith(0), endpoints });
          updatePlan(backend, plan, world, next);
          world = next;
          const slots = [...seats(contentOf(plan))].filter(([name]) => name.endsWith('all'));
          for (const [, seated] of slots) expect(isDealtOut(seated, numbers.length)).toBe(true);
          expect(slots.length).toBe(numbers.length === 0 ? 0 : 3);
        }
      }),
    );
  });
});

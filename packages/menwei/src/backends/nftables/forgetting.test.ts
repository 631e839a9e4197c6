/** Whatever fails on the way: no client is remembered for an endpoint that its Service does not lead to any more. */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Element } from '@menwei/netlink/nftables';
import { fillPlan, install, updatePlan } from '@menwei/testing/backends/laws.ts';
import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';
import { ADDRESSES, histories, type World } from '@menwei/testing/services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameTable } from './base-sets.ts';
import { rememberedEndpoints } from './forgotten.ts';
import { addressKey } from './values.ts';

const signal = new AbortController().signal;

/** A client comes to every endpoint there is, and is remembered as the rules would. */
function visit(fake: FakeNfTables, family: IpFamily): void {
  const content = fake.dump(frameTable(family));
  if (content === undefined) return;
  for (const [map, endpoints] of rememberedEndpoints(content)) {
    const set = content.sets.get(map);
    if (set === undefined) throw new Error(`pairs lead to ${map}, which is not there`);
    let number = content.elements.get(map)?.size ?? 0;
    const elements = Array.from(endpoints, (data) => {
      return { key: addressKey(family, `${ADDRESSES[family].outside}${++number}`), data, comment: '' };
    });
    const isNew = ({ key }: Element) => content.elements.get(map)?.get(key) === undefined;
    fake.meddle(frameTable(family), [{ do: 'add elements', set, elements: elements.filter(isNew) }]);
  }
}

/** Clients that are remembered for an endpoint that nothing leads to. */
function lostClients(fake: FakeNfTables, family: IpFamily): readonly string[] {
  const content = fake.dump(frameTable(family));
  if (content === undefined) return [];
  const endpoints = rememberedEndpoints(content);
  return [...content.sets.values()]
    .filter((set) => set.dynamic)
    .flatMap(({ name }) =>
      [...(content.elements.get(name)?.values() ?? [])].map((client) => ({ name, ...client })),
    )
    .filter(({ name, data = '' }) => endpoints.get(name)?.has(data) !== true)
    .map(({ name, key, data }) => `${name}: ${key} → ${data}`);
}

it.each(IP_FAMILIES)(
  'a proxy that starts forgets what others did not get as far as to forget, %s',
  async (family) => {
    await fc.assert(
      fc.asyncProperty(histories(family), fc.nat(), async (history, seed) => {
        const fake = new FakeNfTables({ faults: { seed, rate: 0.3 } });
        let isKnown = false;
        const backend = openBackend(fake, family);
        const plan = backend.plan();
        for (const [index, world] of history.entries()) {
          visit(fake, family);
          const { before, after } = updatePlan(backend, plan, history[index - 1], world);
          try {
            if (isKnown) await backend.apply(backend.diff(before, after), signal);
            else await install(backend, plan);
            isKnown = true;
          } catch {
            isKnown = false;
          }
        }
        visit(fake, family);
        fake.faults.stop();
        const last = history.at(-1);
        if (last === undefined) throw new Error('BUG: a history without a world');
        const restarted = openBackend(fake, family);
        await install(restarted, fillPlan(restarted, last));
        expect(lostClients(fake, family)).toEqual([]);
        const generation = fake.observeGeneration();
        await install(restarted, fillPlan(restarted, last));
        expect(fake.observeGeneration()).toBe(generation);
      }),
      { numRuns: 100 },
    );
  },
);

it.each(IP_FAMILIES)('clients whose time runs out meanwhile do not matter, %s', async (family) => {
  const fake = new FakeNfTables();
  const backend = openBackend(fake, family);
  const { service, pod } = ADDRESSES[family];
  const endpoints = [1, 2].map((number) => anEndpoint({ ip: `${pod}${number}` }));
  const port = aServicePort({ clusterIP: `${service}1`, sessionAffinitySeconds: 60, endpoints });
  const world = (some: typeof endpoints): World => ({
    node: aNodeView({ family }),
    ports: new Map([[port.key, { ...port, endpoints: some }]]),
  });
  await install(backend, fillPlan(backend, world(endpoints)));
  visit(fake, family);
  // As a proxy would that is killed in between.
  const killed = openBackend(fake, family);
  const plan = fillPlan(killed, world(endpoints.slice(1)));
  const changes = killed.diff(await killed.observe(signal), plan.complete());
  fake.meddle(frameTable(family), changes.transaction);

  const restarted = openBackend(fake, family);
  const last = fillPlan(restarted, world(endpoints.slice(1)));
  const forgetting = restarted.diff(await restarted.observe(signal), last.complete());
  expect(forgetting.transaction.map((operation) => operation.do)).toEqual(['delete elements']);
  fake.meddle(frameTable(family), forgetting.transaction);
  expect(await restarted.apply(forgetting, signal)).toBe('applied');
  expect(lostClients(fake, family)).toEqual([]);
});

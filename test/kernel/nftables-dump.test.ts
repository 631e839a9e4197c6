/** What `nft -j list ruleset` prints of a table, taken for the kernel that printed it. */
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { fillPlan, install } from '@menwei/testing/backends/laws.ts';
import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { FakeNfTables } from '@menwei/testing/kernel/nf-tables.ts';
import { frameTable } from 'menwei/backends/nftables/base-sets.ts';
import { describe, expect, it } from 'vitest';
import { openEmptyNfTables } from './nf-tables-kernel.ts';
import { withMaps } from './nf-tables-table.ts';
import { everyFeature, NODES } from './nftables-case.ts';
import { nft } from './nftables-listing.ts';

const signal = new AbortController().signal;

describe.each(IP_FAMILIES)('a dump of the table, %s', (family) => {
  it.each(NODES)('is what the kernel holds: $title', async ({ view }) => {
    const client = openEmptyNfTables();
    const backend = openBackend(client, family);
    // nft 1.0.6 can't print the IPv6 rules of session affinity (docs/decisions/0010-ipv6-affinity.md).
    await install(backend, fillPlan(backend, everyFeature(family, view(family), family === 'IPv4')));
    const { content } = await client.observe(frameTable(family), signal);
    if (content === undefined) throw new Error('there is no table');
    const fake = FakeNfTables.fromDump(nft(['-j', 'list', 'ruleset']));
    const dumped = (await fake.observe(frameTable(family), signal)).content;
    if (dumped === undefined) throw new Error('the dump has no table');
    const chains = Array.from(dumped.chains, ([name, chain]) => {
      const rules = chain.rules.map(({ expressions, comment }) => ({ expressions, comment }));
      return [name, { ...chain, rules }] as const;
    });
    // nft prints no comment of a table.
    expect({ ...dumped, table: content.table, chains: new Map(chains) }).toEqual(withMaps(content));
  });

  it('is right for a proxy that knows the same Services', async () => {
    const backend = openBackend(openEmptyNfTables(), family);
    const world = everyFeature(family, {}, family === 'IPv4');
    await install(backend, fillPlan(backend, world));
    const fake = FakeNfTables.fromDump(nft(['-j', 'list', 'ruleset']));
    const reader = openBackend(fake, family);
    const changes = reader.diff(await reader.observe(signal), fillPlan(reader, world).complete());
    expect(reader.format(changes)).toBe('');
  });
});

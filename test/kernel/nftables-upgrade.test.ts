/** A proxy that finds the table of an earlier version, whose maps led to chains without numbers in between. */
import { readFileSync } from 'node:fs';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { formatData, formatKey, type NfTables, type SetDeclaration } from '@menwei/netlink/nftables';
import { fillPlan, remainder } from '@menwei/testing/backends/laws.ts';
import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { clientMapNamed } from 'menwei/backends/nftables/affinity.ts';
import { frameTable } from 'menwei/backends/nftables/base-sets.ts';
import { atOnce } from 'menwei/scheduling/steps.ts';
import { describe, expect, it } from 'vitest';
import { openEmptyNfTables } from './nf-tables-kernel.ts';
import { everyFeature } from './nftables-case.ts';
import { nft } from './nftables-listing.ts';

const signal = new AbortController().signal;

function earlierTable(family: IpFamily): string {
  const { family: table } = frameTable(family);
  return readFileSync(new URL(`../data/nftables-earlier-layout.${table}.nft`, import.meta.url), 'utf8');
}

describe.each(IP_FAMILIES)('%s', (family) => {
  // nft 1.0.6 can't read the IPv6 rules of session affinity (docs/decisions/0010-ipv6-affinity.md).
  const world = everyFeature(family, {}, family === 'IPv4');

  it('is changed in one transaction, and the table stays', async () => {
    const client = openEmptyNfTables();
    nft(['-f', '-'], earlierTable(family));
    const handles = handlesOf(family);
    const backend = openBackend(client, family);
    const plan = fillPlan(backend, world);
    const observed = await backend.observe(signal);
    atOnce(plan.settle(observed));
    const changes = backend.diff(observed, plan.complete());
    const generation = client.observeGeneration();
    expect(await backend.apply(changes, signal)).toBe('applied');
    expect(client.observeGeneration()).toBe(generation + 1);
    expect(await remainder(backend, plan)).toBe('');
    // Chains that hooks call, and the endpoints, are the same objects as before.
    expect(handlesOf(family)).toEqual(handles);
  });
});

it('clients of session affinity are kept', async () => {
  const client = openEmptyNfTables();
  nft(['-f', '-'], earlierTable('IPv4'));
  const map = clientMapNamed('affinity-ns/service-2/sctp/', 'IPv4');
  nft(['-f', '-'], `add element ip menwei ${map.name} { 203.0.113.9 timeout 1h : 10.180.0.2 . 8080 }`);
  const before = await clientsOf(client, map);
  expect(before).toHaveLength(1);
  const backend = openBackend(client, 'IPv4');
  const plan = fillPlan(backend, everyFeature('IPv4', {}));
  await backend.apply(backend.diff(await backend.observe(signal), plan.complete()), signal);
  expect(await clientsOf(client, map)).toEqual(before);
});

async function clientsOf(client: NfTables, map: SetDeclaration): Promise<readonly string[]> {
  const clients = await client.observeDynamicElements(frameTable('IPv4'), map, signal);
  return clients.map(({ key, data }) => `${formatKey(map, key)} : ${formatData(map, data)}`);
}

/** Of the table, its chains with hooks and its maps of endpoints. */
function handlesOf(family: IpFamily): readonly string[] {
  const { family: table, name } = frameTable(family);
  const lines = nft(['-a', 'list', 'table', table, name]).split('\n');
  return lines.filter((line) => /^table |^\tchain (filter|nat)-|^\tmap (nodeport-)?endpoints/.test(line));
}

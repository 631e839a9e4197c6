/** What is told of a choice. */
import { isDeepStrictEqual } from 'node:util';
import type { AddressDecision, AddressRequest, Trouble } from './allocation.ts';
import type { Choice, Holdings } from './choice.ts';
import { whyNotFor } from './pool-access.ts';
import type { KnownPool } from './pool-catalog.ts';
import { listPools, outsidePools } from './pool-troubles.ts';

/** Of a choice that has been carried out. */
export function decisionOf(request: AddressRequest, choice: Choice, holdings: Holdings): AddressDecision {
  const { addresses } = choice;
  return {
    addresses,
    pools: addresses.map((address) => poolOf(address, request, holdings)?.name ?? ''),
    trouble: choice.trouble ?? firstOf(addresses, (address) => troubleWith(address, request, holdings)),
  };
}

export function isSameDecision(a: AddressDecision | undefined, b: AddressDecision): boolean {
  return (
    a !== undefined &&
    isDeepStrictEqual(a.addresses, b.addresses) &&
    isDeepStrictEqual(a.pools, b.pools) &&
    a.trouble?.reason === b.trouble?.reason &&
    a.trouble?.message === b.trouble?.message
  );
}

function firstOf<Item, Found>(items: readonly Item[], find: (item: Item) => Found | undefined) {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of more than one, that which would give it to the Service. */
function poolOf(address: string, request: AddressRequest, holdings: Holdings): KnownPool | undefined {
  const pools = holdings.useOf(address)?.pools ?? [];
  return (
    pools.find(({ name }) => name === request.pool) ??
    pools.find(({ pool }) => whyNotFor(pool, request) === undefined) ??
    pools[0]
  );
}

/** What is wrong with an address that it keeps all the same. */
function troubleWith(address: string, request: AddressRequest, holdings: Holdings): Trouble | undefined {
  const known = poolOf(address, request, holdings);
  if (known === undefined) return outsidePools(address, holdings.catalog.pools);
  const why = whyNotFor(known.pool, request);
  if (why !== undefined) {
    const message = `${address} is in none of the pools that the Service may use: ${listPools([{ name: known.name, why }])}`;
    return { reason: 'AddressOutsidePools', message };
  }
  const use = holdings.useOf(address);
  if (use === undefined || use.hasCommonNode || use.oldest?.service === request.service) return undefined;
  return use.noNodeForAll;
}

/**
 * Which addresses a Service is to have, by what is taken now: changes nothing (load-balancer § 4.4). What it has stays where it
 * may; of what is still missing, everything that must be there is found, or nothing is taken.
 */
import { familyOf, type IpFamily, ipFromNumber } from '@menwei/addresses/ip.ts';
import { show } from '../../kubernetes/decode-text.ts';
import type { AddressUse } from './address-use.ts';
import type { AddressRequest, Trouble } from './allocation.ts';
import { whyNotFor } from './pool-access.ts';
import type { Candidates, KnownPool, PoolCatalog } from './pool-catalog.ts';
import { familyTrouble, listPools, NO_POOL, outsidePools } from './pool-troubles.ts';
import { type Topic, topicOfAddress, topicOfFree, topicOfFullness, topicOfKey } from './waiting.ts';
import { type Want, wantsOf } from './wants.ts';

/** What is known about addresses and pools. */
export interface Holdings {
  readonly catalog: PoolCatalog;
  useOf(address: string): AddressUse | undefined;
  /** Who has it that is no Service: `a machine with the MAC address …`; undefined: nobody. */
  outsider(address: string): string | undefined;
  /** The lowest that this Service may share with those that have it. */
  sharedWith(request: AddressRequest, pool: KnownPool, family: IpFamily): AddressUse | undefined;
}

export interface Choice {
  /** In the order of the families of the Service. */
  readonly addresses: readonly string[];
  readonly trouble: Trouble | undefined;
  /** What may have to change before another choice is possible. */
  readonly waitsFor: readonly Topic[];
}

interface Failure {
  readonly trouble: Trouble;
  readonly waitsFor: readonly Topic[];
}

/** @param held what it has now, and may share with those that have it, too */
export function choose(
  request: AddressRequest,
  held: readonly string[],
  holdings: Holdings,
  nowMs: number,
): Choice {
  const wants = request.invalid ?? wantsOf(request);
  if (typeof wants === 'string') {
    return { addresses: held, trouble: { reason: 'InvalidRequest', message: wants }, waitsFor: [] };
  }
  const chosen = keep(wants, request, held, holdings.catalog);
  const missing = wants.filter((want) => !chosen.has(want)).sort(compareTurn);
  const search: Search = { request, holdings, nowMs };
  const { found, failures } = fill(missing, [...chosen.values()], search);
  const blocking = failures.find(({ want }) => !want.isOptional);
  if (blocking === undefined) for (const [want, address] of found) chosen.set(want, address);
  const addresses = wants.flatMap((want) => chosen.get(want) ?? []);
  if (blocking !== undefined) {
    // As long as this one fails it is of no use to try again when another could be had; but it would be told of one before it.
    const before = missing.slice(0, missing.indexOf(blocking.want)).filter((want) => found.has(want));
    const waitsFor = [...blocking.waitsFor, ...before.flatMap((want) => topicsOfLoss(want, search))];
    return { addresses, trouble: blocking.trouble, waitsFor };
  }
  return {
    addresses,
    trouble: addresses.length === 0 ? failures[0]?.trouble : undefined,
    waitsFor: failures.flatMap(({ waitsFor }) => waitsFor),
  };
}

/** Which of these the request leaves to the Service, whoever else has them; the others it gives up. */
export function stillWanted(
  request: AddressRequest,
  held: readonly string[],
  catalog: PoolCatalog,
): readonly string[] {
  const wants = request.invalid ?? wantsOf(request);
  return typeof wants === 'string' ? held : [...keep(wants, request, held, catalog).values()];
}

function keep(
  wants: readonly Want[],
  request: AddressRequest,
  held: readonly string[],
  catalog: PoolCatalog,
): Map<Want, string> {
  const kept = new Map<Want, string>();
  for (const want of wants) {
    const address = held.find((candidate) => isKept(candidate, want, request, catalog));
    if (address !== undefined) kept.set(want, address);
  }
  return kept;
}

/** Addresses that are asked for first: those that are not must be somewhere near. */
function compareTurn(a: Want, b: Want): number {
  return Number(a.address === undefined) - Number(b.address === undefined);
}

/** What is in no pool stays. So does what is in a pool that would not give it now: pools are edited under use. */
function isKept(address: string, want: Want, request: AddressRequest, catalog: PoolCatalog): boolean {
  if (want.address !== undefined) return want.address === address;
  if (familyOf(address) !== want.family) return false;
  if (request.pool === '') return true;
  const pools = catalog.poolsWith(address);
  return pools.length === 0 || pools.some(({ name }) => name === request.pool);
}

interface Search {
  readonly request: AddressRequest;
  readonly holdings: Holdings;
  readonly nowMs: number;
}

type FailedWant = Failure & { readonly want: Want };

interface Filled {
  readonly found: Map<Want, string>;
  readonly failures: readonly FailedWant[];
}

/** @param near addresses that it has */
function fill(missing: readonly Want[], near: readonly string[], search: Search): Filled {
  const found = new Map<Want, string>();
  const failures: FailedWant[] = [];
  for (const want of missing) {
    if (want.address === undefined) continue;
    const failure = whyNotAddress(want.address, search);
    if (failure === undefined) found.set(want, want.address);
    else failures.push({ ...failure, want });
  }
  const open = missing.filter(({ address }) => address === undefined);
  if (open.length === 0) return { found, failures };
  const any = fillAny(open, inOrder(search, [...near, ...found.values()]), search);
  return { found: new Map([...found, ...any.found]), failures: [...failures, ...any.failures] };
}

/** The pools of addresses that it has or is about to have come first, so that all are from one pool. */
function inOrder({ request, holdings: { catalog } }: Search, near: readonly string[]): Candidates {
  const { willing, refusing } = catalog.candidatesFor(request);
  const nearPools = new Set(near.flatMap((address) => catalog.poolsWith(address)));
  if (nearPools.size === 0) return { willing, refusing };
  const first = willing.filter((known) => nearPools.has(known));
  return { willing: [...first, ...willing.filter((known) => !nearPools.has(known))], refusing };
}

/** From one pool that has all, else each from the first that has one. */
function fillAny(wants: readonly Want[], candidates: Candidates, search: Search): Filled {
  const picks: (readonly (string | undefined)[])[] = [];
  let whole: readonly (string | undefined)[] | undefined;
  for (const known of candidates.willing) {
    const row = wants.map(({ family }) => pick(known, family, search));
    picks.push(row);
    if (!row.every((address) => address !== undefined)) continue;
    whole = row;
    break;
  }
  const found = new Map<Want, string>();
  const failures: FailedWant[] = [];
  for (const [index, want] of wants.entries()) {
    const address = whole?.[index] ?? picks.find((row) => row[index] !== undefined)?.[index];
    if (address === undefined) failures.push({ ...whyNotAny(want.family, candidates, search), want });
    else found.set(want, address);
  }
  return { found, failures };
}

/** Of a pool that may give one. */
function pick(known: KnownPool, family: IpFamily, search: Search): string | undefined {
  const { request, holdings, nowMs } = search;
  const shared = holdings.sharedWith(request, known, family);
  if (shared !== undefined) return shared.address;
  const number = known.free[family].peek(nowMs);
  return number === undefined ? undefined : ipFromNumber(number, family);
}

function whyNotAny(family: IpFamily, candidates: Candidates, { request, holdings }: Search): Failure {
  const trouble = familyTrouble(family, candidates, request, holdings.catalog.pools);
  const having = candidates.willing.filter(({ free }) => free[family].span.size > 0n);
  const waitsFor = having.map((known) => topicOfFree(known.pool, family));
  const { sharing } = request;
  const isForKey = sharing !== undefined && having.length > 0;
  return { trouble, waitsFor: isForKey ? [...waitsFor, topicOfKey(sharing.key)] : waitsFor };
}

/** What it takes for a want that could be had to fail. */
function topicsOfLoss(want: Want, { request, holdings }: Search): readonly Topic[] {
  if (want.address !== undefined) return [topicOfAddress(want.address)];
  const { willing } = holdings.catalog.candidatesFor(request);
  const topics = willing.map(({ pool }) => topicOfFullness(pool, want.family));
  return request.sharing === undefined ? topics : [...topics, topicOfKey(request.sharing.key)];
}

function whyNotAddress(address: string, { request, holdings }: Search): Failure | undefined {
  const refused = whyNotFromPools(address, request, holdings.catalog);
  if (refused !== undefined) return { trouble: refused, waitsFor: [] };
  const outsider = holdings.outsider(address);
  const taken: Trouble | undefined =
    outsider === undefined
      ? holdings.useOf(address)?.whyNotJoined(request)
      : { reason: 'AddressInUse', message: `${address} is used by ${outsider}` };
  return taken === undefined ? undefined : { trouble: taken, waitsFor: [topicOfAddress(address)] };
}

/** Why no pool gives this address to a Service that asks for it. */
function whyNotFromPools(
  address: string,
  request: AddressRequest,
  catalog: PoolCatalog,
): Trouble | undefined {
  if (catalog.pools.length === 0) return NO_POOL;
  const having = catalog.poolsWith(address);
  if (having.length === 0) return outsidePools(address, catalog.pools);
  const asked = request.pool === '' ? having : having.filter(({ name }) => name === request.pool);
  if (asked.length === 0) {
    const others = having.map(({ name }) => name).join(', ');
    const message = `pool ${show(request.pool)} does not have ${address}: it is in pool ${others}`;
    return { reason: 'NoMatchingPool', message };
  }
  const refusing = asked.flatMap((known) => whyNotExplicit(known, address, request) ?? []);
  if (refusing.length < asked.length) return undefined;
  return { reason: 'NoMatchingPool', message: listPools(refusing) };
}

function whyNotExplicit({ name, pool, problem }: KnownPool, address: string, request: AddressRequest) {
  const forbidden = pool.allowExplicit
    ? undefined
    : `its allowExplicit is false, and ${address} is asked for`;
  const why = problem ?? forbidden ?? whyNotFor(pool, request);
  return why === undefined ? undefined : { name, why };
}

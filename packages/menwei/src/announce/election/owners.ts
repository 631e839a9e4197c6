/** Who announces addresses that have to do with each other, because a Service has them all (load-balancer §§ 5.2 and 5.4). */
import type { ObjectKey } from '../../state/object-key.ts';
import type { Eligibility, Eligible } from './eligibility.ts';
import { compareText, inOrderOfRank } from './rank.ts';

/** An address of a group, with who may have it. */
interface Contested {
  readonly address: string;
  readonly eligibility: Eligibility;
}

export interface Decision {
  readonly address: string;
  /** Undefined: no node may have it. */
  readonly owner: Eligible | undefined;
  /** See {@link Eligibility}. */
  readonly leftOut: readonly ObjectKey[];
  /** It stays as it is until the owner may no longer have it, whatever other nodes come to be eligible. */
  readonly isSettled: boolean;
}

/** Addresses that are to have one owner, and who may be that. */
interface Union {
  readonly addresses: readonly Contested[];
  readonly candidates: ReadonlySet<string>;
}

/**
 * One owner for all addresses of a Service, if a node may have all of them: families fail over together. Of the nodes that may,
 * the one that has them stays; rank decides only when none has.
 *
 * @param services what holds the group together, oldest first: the addresses of each
 */
export function decideOwners(
  group: readonly Contested[],
  services: readonly (readonly string[])[],
): readonly Decision[] {
  const unions = unite(group, services);
  const isSplit = services.some((addresses) => new Set(addresses.map((one) => unions.get(one))).size > 1);
  const decisions: Decision[] = [];
  for (const union of new Set(unions.values())) {
    const owner = chooseOwner(union);
    for (const { address, eligibility } of union.addresses) {
      const chosen = owner === undefined ? undefined : eligibility.eligible.get(owner);
      const isPlain = !isSplit && eligibility.leftOut.length === 0 && !eligibility.isLastResort;
      const isSettled = isPlain && chosen?.sinceMs !== undefined;
      decisions.push({ address, owner: chosen, leftOut: eligibility.leftOut, isSettled });
    }
  }
  return decisions;
}

/** The union of each address. A Service that can't have one owner for all keeps those of its addresses together that can. */
function unite(
  group: readonly Contested[],
  services: readonly (readonly string[])[],
): ReadonlyMap<string, Union> {
  const unions = new Map<string, Union>();
  for (const one of group) {
    unions.set(one.address, { addresses: [one], candidates: new Set(one.eligibility.eligible.keys()) });
  }
  for (const addresses of services) {
    let joined: Union | undefined;
    for (const address of addresses) {
      const next = unions.get(address);
      if (next === undefined || next === joined || next.candidates.size === 0) continue;
      const both = joined === undefined ? next : join(joined, next);
      if (both === undefined) continue;
      joined = both;
      for (const member of both.addresses) unions.set(member.address, both);
    }
  }
  return unions;
}

function join(a: Union, b: Union): Union | undefined {
  const candidates = a.candidates.intersection(b.candidates);
  if (candidates.size === 0) return undefined;
  const addresses = [...a.addresses, ...b.addresses].sort((one, other) =>
    compareAddresses(one.address, other.address),
  );
  return { addresses, candidates };
}

/** IPv4 first; otherwise any order will do that is the same everywhere. */
export function compareAddresses(a: string, b: string): number {
  const families = Number(a.includes(':')) - Number(b.includes(':'));
  return families || compareText(a, b);
}

/** The name of the one that has had one of the addresses for longest; where none has any, the best one by rank for the first. */
function chooseOwner({ addresses, candidates }: Union): string | undefined {
  const [first] = addresses;
  if (first === undefined || candidates.size === 0) return undefined;
  const all = [...first.eligibility.eligible.values()].filter(({ name }) => candidates.has(name));
  const since = (name: string) =>
    Math.min(
      ...addresses.map(
        ({ eligibility }) => eligibility.eligible.get(name)?.sinceMs ?? Number.POSITIVE_INFINITY,
      ),
    );
  const longest = Math.min(...all.map(({ name }) => since(name)));
  const best = all.filter(({ name }) => since(name) === longest);
  return inOrderOfRank(first.address, best)[0]?.name;
}

/** Which node answers for which address, and who else has one: what the Leases of the nodes say (load-balancer § 5.2). */
import { isDeepStrictEqual } from 'node:util';
import type { AddressConflict, NodeAnnouncement, OwnedAddress } from '../announce/node-lease.ts';
import { parseNodeLease } from '../announce/node-lease-text.ts';
import type { Lease } from '../kubernetes/load-balancer-objects.ts';
import type { Change } from '../state/reader.ts';
import { addTo, removeFrom } from '../state/sets-by-key.ts';

/** Who answers for an address. */
export interface AddressOwner {
  readonly node: string;
  readonly interfaces: readonly string[];
  /** Milliseconds since the epoch, on the node's clock. */
  readonly sinceMs: number;
}

interface Announcer {
  readonly lease: Lease;
  readonly node: string;
  readonly owns: ReadonlyMap<string, OwnedAddress>;
  readonly conflicts: NodeAnnouncement['conflicts'];
  /** On the clock of {@link AnnouncementView.take}: then it counts as dead, unless it renews its Lease. */
  readonly deadAtMs: number;
}

/** What a change of a Lease means for others. */
export interface AnnouncementNews {
  /** Addresses that may have another owner now. */
  readonly addresses: ReadonlySet<string>;
  /** Those that were not told before. */
  readonly conflicts: readonly (AddressConflict & { readonly node: string })[];
}

const NO_NEWS: AnnouncementNews = { addresses: new Set(), conflicts: [] };

/** Times of Leases are compared with themselves only: how old one is, is counted from when its change was seen. */
export class AnnouncementView {
  readonly #announcers = new Map<string, Announcer>();
  readonly #owners = new Map<string, Set<string>>();

  /** Whether any node announces. */
  get hasAnnouncers(): boolean {
    return this.#announcers.size > 0;
  }

  /** What each live node answers for. */
  *counts(): Iterable<{ readonly node: string; readonly owned: readonly OwnedAddress[] }> {
    for (const { node, owns } of this.#announcers.values()) yield { node, owned: [...owns.values()] };
  }

  /** Undefined: nobody. Of several the one that has it for longest, whose claim is the better one. */
  ownerOf(address: string): AddressOwner | undefined {
    let owner: AddressOwner | undefined;
    for (const key of this.#owners.get(address) ?? []) {
      const { node, owns } = this.#announcers.get(key) ?? {};
      const owned = owns?.get(address);
      if (node === undefined || owned === undefined) continue;
      const { sinceMs, interfaces } = owned;
      if (owner === undefined || sinceMs < owner.sinceMs) owner = { node, interfaces, sinceMs };
    }
    return owner;
  }

  /** @param nowMs of a clock that nobody sets */
  take({ key, after }: Change<Lease>, nowMs: number): AnnouncementNews {
    const before = this.#announcers.get(key);
    if (after === undefined) return this.#remove(key);
    const deadAtMs = nowMs + after.leaseDurationMs;
    // Most changes are renewals.
    if (before !== undefined && isSameSaying(before.lease, after)) {
      this.#announcers.set(key, { ...before, lease: after, deadAtMs });
      return NO_NEWS;
    }
    const { announcement } = parseNodeLease(after);
    if (announcement === undefined) return this.#remove(key);
    const { node, conflicts } = announcement;
    const owns = new Map(announcement.owns.map((owned) => [owned.address, owned]));
    this.#announcers.set(key, { lease: after, node, owns, conflicts, deadAtMs });
    const addresses = difference(before?.owns ?? NOTHING, owns);
    for (const address of addresses) this.#own(address, key, owns.has(address));
    const told = before?.conflicts ?? [];
    const news = conflicts.filter((conflict) => !told.some((one) => isDeepStrictEqual(one, conflict)));
    return { addresses, conflicts: news.map((conflict) => ({ ...conflict, node })) };
  }

  /** Forgets whoever has not renewed in time. Returns addresses that may have another owner now. */
  expire(nowMs: number): ReadonlySet<string> {
    const addresses = new Set<string>();
    for (const [key, { deadAtMs }] of this.#announcers) {
      if (deadAtMs > nowMs) continue;
      for (const address of this.#remove(key).addresses) addresses.add(address);
    }
    return addresses;
  }

  #remove(key: string): AnnouncementNews {
    const { owns = NOTHING } = this.#announcers.get(key) ?? {};
    this.#announcers.delete(key);
    for (const address of owns.keys()) this.#own(address, key, false);
    return { addresses: new Set(owns.keys()), conflicts: [] };
  }

  #own(address: string, key: string, owns: boolean): void {
    if (owns) addTo(this.#owners, address, key);
    else removeFrom(this.#owners, address, key);
  }
}

const NOTHING: ReadonlyMap<string, OwnedAddress> = new Map();

/** Addresses of which the two say something else. */
function difference(
  before: ReadonlyMap<string, OwnedAddress>,
  after: ReadonlyMap<string, OwnedAddress>,
): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const [address, owned] of after) {
    if (!isDeepStrictEqual(before.get(address), owned)) addresses.add(address);
  }
  for (const address of before.keys()) if (!after.has(address)) addresses.add(address);
  return addresses;
}

function isSameSaying(a: Lease, b: Lease): boolean {
  return a.holderIdentity === b.holderIdentity && isDeepStrictEqual(a.annotations, b.annotations);
}

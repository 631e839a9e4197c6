/** Which addresses one may join by a sharing key, without a look at each of them. */
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import type { AddressUse } from './address-use.ts';
import type { AddressRequest } from './allocation.ts';
import type { KnownPool } from './pool-catalog.ts';
import { SortedSet } from './sorted-set.ts';

/** Addresses of which all that is looked at here is the same: of one pool, family and key, for the same namespaces, with the same ports. */
type Alike = SortedSet<AddressUse>;

export class SharedAddresses {
  readonly #byKey = new Map<KnownPool, Map<string, Map<string, Alike>>>();

  /** To be taken out before anything about it changes. */
  add(use: AddressUse): void {
    const key = keyOfUse(use);
    if (key === undefined) return;
    for (const pool of use.pools) {
      const byKey = getOrAdd(this.#byKey, pool, () => new Map<string, Map<string, Alike>>());
      const byPorts = getOrAdd(byKey, key, () => new Map<string, Alike>());
      getOrAdd(byPorts, use.portsText, () => new SortedSet(compareAddress)).add(use);
    }
  }

  delete(use: AddressUse): void {
    const key = keyOfUse(use);
    if (key === undefined) return;
    for (const pool of use.pools) {
      const byKey = this.#byKey.get(pool);
      const byPorts = byKey?.get(key);
      const alike = byPorts?.get(use.portsText);
      alike?.delete(use);
      if (alike?.size === 0) byPorts?.delete(use.portsText);
      if (byPorts?.size === 0) byKey?.delete(key);
    }
  }

  /** The lowest that the Service may have, too. */
  lowestFor(request: AddressRequest, pool: KnownPool, family: IpFamily): AddressUse | undefined {
    const { sharing, namespace } = request;
    if (sharing === undefined) return undefined;
    let lowest: AddressUse | undefined;
    for (const scope of [namespace, EVERYWHERE]) {
      const byPorts = this.#byKey.get(pool)?.get(keyText(family, scope, sharing.key));
      for (const alike of byPorts?.values() ?? []) {
        const use = firstFor(request, alike);
        if (use !== undefined && (lowest === undefined || use.number < lowest.number)) lowest = use;
      }
    }
    return lowest;
  }
}

/** Not the name of a namespace. */
const EVERYWHERE = '*';

/** One that nobody from elsewhere may join is found from its own namespace only. */
function keyOfUse({ address, oldest }: AddressUse): string | undefined {
  const sharing = oldest?.sharing;
  if (oldest === undefined || sharing === undefined) return undefined;
  const scope = sharing.namespaces.length === 0 ? oldest.namespace : EVERYWHERE;
  return keyText(familyOf(address), scope, sharing.key);
}

function keyText(family: IpFamily, scope: string, key: string): string {
  return `${family} ${scope} ${key}`;
}

function firstFor(request: AddressRequest, alike: Alike): AddressUse | undefined {
  if (alike.first?.hasPortOf(request) !== false) return undefined;
  for (const use of alike) if (use.whyNotJoined(request) === undefined) return use;
  return undefined;
}

/** Of one family. */
function compareAddress(a: AddressUse, b: AddressUse): number {
  return a.number < b.number ? -1 : Number(a.number > b.number);
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/**
 * Pools and advertisements may come from several places at once: from two API groups, which both are read, from two namespaces,
 * and from files beside an API server. Of those with one kind and name one counts, the same one in every process; the others
 * are told.
 */
import type { AddressPool, L2Advertisement } from '../kubernetes/load-balancer-objects.ts';
import { formatRef, type ObjectRef, refOf } from '../kubernetes/objects.ts';
import { type ObjectKey, objectKey } from './object-key.ts';
import type { Table } from './table.ts';

/** Where an object comes from, those first that count before others: what all processes of a cluster see alike. */
const ORIGINS = ['', 'metallb.io', 'menwei.dev', 'cilium.io', 'lb-config'] as const;

/** An API group, or `--lb-config`; empty: the one source that there is. */
export type Origin = (typeof ORIGINS)[number];

/** An object that another one of its name keeps from being used. */
export interface Rivalry {
  readonly loser: ObjectRef;
  readonly reason: string;
}

type Rival = AddressPool | L2Advertisement;

interface Candidate<Row> {
  readonly origin: Origin;
  readonly object: Row;
}

export class Rivals<Row extends Rival> {
  readonly #table: Table<Row>;
  /** By the key of the table, and then by where they come from. */
  readonly #candidates = new Map<ObjectKey, Map<string, Candidate<Row>>>();

  /** @param table has the one of each kind and name that counts */
  constructor(table: Table<Row>) {
    this.#table = table;
  }

  /** What it keeps from being used now, or what keeps it. */
  put(object: Row, origin: Origin): readonly Rivalry[] {
    const key = keyOf(object);
    const candidates = this.#candidates.get(key) ?? new Map<string, Candidate<Row>>();
    candidates.set(placeOf(object, origin), { origin, object });
    this.#candidates.set(key, candidates);
    return this.#settle(key);
  }

  /** Gives the one that counts from now on, if that was kept from being used. */
  delete(ref: ObjectRef, origin: Origin): ObjectRef | undefined {
    const key = keyOf(ref);
    const candidates = this.#candidates.get(key);
    if (candidates?.delete(placeOf(ref, origin)) !== true) return undefined;
    if (candidates.size === 0) this.#candidates.delete(key);
    this.#settle(key);
    return this.#table.get(key);
  }

  /** Why one that was put is not used; undefined: it is. */
  reasonAgainst(ref: ObjectRef, origin: Origin): string | undefined {
    const key = keyOf(ref);
    const winner = this.#sorted(key)[0];
    const own = this.#candidates.get(key)?.get(placeOf(ref, origin));
    if (winner === undefined || own === undefined) return undefined;
    return own === winner || isOneObject(own, winner) ? undefined : describe(winner);
  }

  /** `namespace/name` of what is there from one place. */
  keysOf(kind: ObjectRef['kind'], origin: Origin): readonly ObjectKey[] {
    const all = [...this.#candidates.values()].flatMap((candidates) => [...candidates.values()]);
    return all
      .filter((candidate) => candidate.origin === origin && candidate.object.kind === kind)
      .map(({ object }) => objectKey(object.namespace, object.name));
  }

  #settle(key: ObjectKey): readonly Rivalry[] {
    const [winner, ...losers] = this.#sorted(key);
    if (winner === undefined) {
      this.#table.delete(key);
      return [];
    }
    this.#table.put(key, winner.object);
    const reason = describe(winner);
    const others = losers.filter((loser) => !isOneObject(loser, winner));
    return others.map(({ object }) => ({ loser: refOf(object), reason }));
  }

  #sorted(key: ObjectKey): readonly Candidate<Row>[] {
    return [...(this.#candidates.get(key)?.values() ?? [])].sort(compare);
  }
}

/** Two API groups may show one and the same object, as those of `menwei cluster` do. */
function isOneObject(a: Candidate<Rival>, b: Candidate<Rival>): boolean {
  return a.object.uid !== undefined && a.object.uid === b.object.uid;
}

function describe({ object, origin }: Candidate<ObjectRef>): string {
  return `${formatRef(object)}${origin === '' ? '' : ` of ${origin}`} has the same name, and that one is used`;
}

function keyOf({ kind, name }: ObjectRef): ObjectKey {
  return objectKey(kind, name);
}

function placeOf({ namespace }: ObjectRef, origin: Origin): string {
  return `${origin} ${namespace}`;
}

function compare(a: Candidate<ObjectRef>, b: Candidate<ObjectRef>): number {
  const rank = ORIGINS.indexOf(a.origin) - ORIGINS.indexOf(b.origin);
  return rank !== 0 ? rank : a.object.namespace < b.object.namespace ? -1 : 1;
}

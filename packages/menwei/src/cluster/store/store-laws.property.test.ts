import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../schema/object.ts';
import { openMemoryStore } from './local-store.ts';
import type { Store, StoredObject, StoreEvent, StoreReader, Transaction } from './store.ts';

const LIMITS = { minEvents: 5, minMs: 1_000, maxEvents: 12, maxBytes: 1_000_000 };
const RESOURCES = ['configmaps', 'pods'] as const;
const NAMESPACES = ['a', 'a-b', 'b'] as const;

interface Write {
  readonly resource: (typeof RESOURCES)[number];
  readonly namespace: string;
  readonly name: string;
  /** Undefined: it is deleted, if it is there. */
  readonly value: number | undefined;
}

type Step =
  | { readonly do: 'transact' | 'throw' | 'rehearse'; readonly writes: readonly Write[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'take'; readonly reader: number };

const write: fc.Arbitrary<Write> = fc.record({
  resource: fc.constantFrom(...RESOURCES),
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom('x', 'x-1', 'y'),
  value: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('transact', 'transact', 'transact', 'throw', 'rehearse'),
      writes: fc.array(write, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat({ max: 2_000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take'), reader: fc.nat({ max: 2 }) }) },
);

class Abandoned extends Error {}

function objectOf({ resource, namespace, name, value }: Write): ApiObject {
  const kind = resource === 'pods' ? 'Pod' : 'ConfigMap';
  const object = { kind, apiVersion: 'v1', metadata: { name, namespace, uid: name }, data: { value } };
  return object;
}

function play(transaction: Transaction, writes: readonly Write[]): void {
  for (const each of writes) {
    const { resource, namespace, name, value } = each;
    if (value !== undefined) {
      transaction.put(resource, objectOf(each));
      expect(transaction.get(resource, namespace, name)?.bytes.toString()).toContain(`"value":${value}`);
    } else if (transaction.get(resource, namespace, name) !== undefined) {
      transaction.delete(resource, namespace, name);
      expect(transaction.get(resource, namespace, name)).toBeUndefined();
    }
  }
}

type State = ReadonlyMap<string, StoredObject>;

const idOf = ({ resource, namespace, name }: StoredObject) => `${resource}/${namespace}/${name}`;

function stateOf(store: Store): State {
  const all = RESOURCES.flatMap((resource) => [...store.list(resource)]);
  return new Map(all.map((stored) => [idOf(stored), stored]));
}

function fold(start: State, events: readonly StoreEvent[]): State {
  const state = new Map(start);
  for (const { type, object, old } of events) {
    expect(state.get(idOf(object))).toBe(old);
    expect(type).toBe(old === undefined ? 'ADDED' : type === 'DELETED' ? 'DELETED' : 'MODIFIED');
    if (type === 'DELETED') state.delete(idOf(object));
    else state.set(idOf(object), object);
  }
  return state;
}

/** What one holds who has read all that a reader gave. */
class Follower {
  readonly seen = new Map<string, StoredObject>();
  readonly #reader: StoreReader;

  constructor(store: Store) {
    this.#reader = store.reader(RESOURCES);
  }

  take(store: Store): void {
    const changes = this.#reader.take();
    const keys = changes.map(({ before, after }) => idOf(after ?? before ?? expect.fail('neither')));
    expect(new Set(keys).size).toBe(keys.length);
    for (const { before, after } of changes) {
      const key = idOf(after ?? before ?? expect.fail('neither'));
      expect(this.seen.get(key)).toBe(before);
      expect(before).not.toBe(after);
      if (after === undefined) this.seen.delete(key);
      else this.seen.set(key, after);
    }
    expect(this.seen).toEqual(new Map(stateOf(store)));
  }
}

function expectView(store: Store, state: State): void {
  const sorted = [...state].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored);
  for (const resource of RESOURCES) {
    const all = sorted.filter((stored) => stored.resource === resource);
    expect([...store.list(resource)]).toEqual(all);
    expect(store.count(resource)).toBe(all.length);
    for (const namespace of NAMESPACES) {
      const some = all.filter((stored) => stored.namespace === namespace);
      expect([...store.list(resource, namespace)]).toEqual(some);
      expect(store.count(resource, namespace)).toBe(some.length);
    }
  }
}

/** All states that there were, and what the store says of each. */
function expectHistory(store: Store, states: ReadonlyMap<number, State>, log: readonly StoreEvent[]): void {
  for (const [revision, state] of states) {
    const isKnown = revision >= store.floor;
    const after = store.eventsAfter(revision);
    expect(after).toEqual(isKnown ? log.filter((event) => event.revision > revision) : undefined);
    if (after !== undefined) expect(fold(state, after)).toEqual(new Map(stateOf(store)));
    for (const resource of RESOURCES) {
      const then = [...state.values()].filter((stored) => stored.resource === resource);
      const list = store.listAt(revision, resource);
      expect(list === undefined).toBe(!isKnown);
      if (list !== undefined) expect(list).toEqual(then.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1)));
      expect(store.listAt(revision, resource, 'a')).toEqual(list?.filter((each) => each.namespace === 'a'));
    }
  }
  expect(store.listAt(store.revision + 1, 'pods')).toBeUndefined();
}

describe('any sequence of transactions', () => {
  it('has one history, which lists, watches and readers agree about', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let nowMs = 0;
        const store = openMemoryStore({ limits: LIMITS, now: () => nowMs });
        const log: StoreEvent[] = [];
        store.subscribe((event) => log.push(event));
        const followers = [0, 1, 2].map(() => new Follower(store));
        const states = new Map<number, State>([[store.revision, new Map()]]);
        for (const each of steps) {
          if (each.do === 'wait') nowMs += each.ms;
          else if (each.do === 'take') followers[each.reader]?.take(store);
          else await run(store, each, log, states);
        }
        expect(log.map(({ revision }) => revision)).toEqual(log.map((_, index) => index + 2));
        expectView(store, fold(new Map(), log));
        expectHistory(store, states, log);
        for (const follower of followers) follower.take(store);
      }),
      { numRuns: 150 },
    );
  });
});

async function run(
  store: Store,
  { do: how, writes }: Exclude<Step, { readonly do: 'wait' | 'take' }>,
  log: readonly StoreEvent[],
  states: Map<number, State>,
): Promise<void> {
  const before = { revision: store.revision, events: log.length, state: stateOf(store) };
  if (how === 'transact') {
    await store.transact((transaction) => play(transaction, writes));
    states.set(store.revision, stateOf(store));
    // What is asked for again later is the same then.
    store.listAt(store.revision, 'pods');
    store.listAt(store.floor, 'pods', 'a');
    return;
  }
  const work = (transaction: Transaction) => {
    play(transaction, writes);
    if (how === 'throw') throw new Abandoned();
  };
  if (how === 'throw') await expect(store.transact(work)).rejects.toThrow(Abandoned);
  else store.rehearse(work);
  expect({ revision: store.revision, events: log.length, state: stateOf(store) }).toEqual(before);
}

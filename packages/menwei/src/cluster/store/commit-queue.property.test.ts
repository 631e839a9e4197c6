import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Journal, JournalBatch } from './journal.ts';
import { LocalStore } from './local-store.ts';
import { Objects } from './objects.ts';
import type { Store, StoreEvent } from './store.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Outcome = 'written' | 'failed' | 'failed, and is there';

/** A disk that answers when it is told to. */
class FakeJournal implements Journal {
  /** By revision. */
  readonly rows = new Map<number, StoreEvent>();
  base = 1;
  reserved = 1;
  closedAt: number | undefined;
  isBroken = false;
  #answer: ((outcome: Outcome) => void) | undefined;

  write(batch: JournalBatch): Promise<string | undefined> {
    expect(this.#answer).toBeUndefined();
    expect(batch.base).toBe(this.base);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#answer = (outcome) => {
      this.#answer = undefined;
      if (outcome !== 'failed') this.#take(batch);
      if (outcome === 'written') {
        this.base = batch.events.at(-1)?.revision ?? this.base;
        this.reserved = batch.reserve ?? this.reserved;
      }
      resolve(outcome === 'written' ? undefined : 'disk on fire');
    };
    return promise;
  }

  async probe(base: number): Promise<string | undefined> {
    expect(this.#answer).toBeUndefined();
    expect(base).toBe(this.base);
    if (!this.isBroken) this.#take({ events: [], base });
    return this.isBroken ? 'disk still on fire' : undefined;
  }

  async close(revision: number): Promise<void> {
    this.closedAt = revision;
  }

  answer(outcome: Outcome): void {
    this.#answer?.(outcome);
  }

  #take({ events, base }: JournalBatch): void {
    for (const revision of this.rows.keys()) if (revision > base) this.rows.delete(revision);
    for (const event of events) this.rows.set(event.revision, event);
  }
}

type Step =
  | { readonly do: 'count'; readonly both: boolean }
  | { readonly do: 'read' | 'event' | 'refuse' }
  | { readonly do: 'answer'; readonly outcome: Outcome }
  | { readonly do: 'wait'; readonly ms: number; readonly isBroken: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('count'), both: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('read', 'event', 'refuse') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer'),
      outcome: fc.constantFrom<Outcome>('written', 'written', 'failed', 'failed, and is there'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat({ max: 3_000 }), isBroken: fc.boolean() }),
  },
);

const counter = (name: string, value: number) => {
  const metadata = { name, namespace: 'a' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { value } };
  return object;
};

function numberIn(bytes: Buffer | undefined): number {
  return bytes === undefined ? 0 : JSON.parse(bytes.toString()).data.value;
}

/** Reads a number and writes the next one: two that saw the same would give the same. */
function count(store: Store, isBoth: boolean): Promise<number> {
  return store.transact((transaction) => {
    const value = numberIn(transaction.get('configmaps', 'a', 'counter')?.bytes) + 1;
    transaction.put('configmaps', counter('counter', value));
    if (isBoth) transaction.put('pods', counter('counter', value));
    return value;
  });
}

class Play {
  readonly journal = new FakeJournal();
  readonly store: Store;
  readonly told: StoreEvent[] = [];
  readonly counted: number[] = [];
  #asked = 0;
  #answered = 0;
  #events = 0;

  constructor() {
    const start = { objects: Objects.EMPTY, revision: 1, floor: 1, events: [], lastKnown: 1 };
    this.store = new LocalStore(start, { journal: this.journal, base: 1, reserved: 1 }, {});
    this.store.subscribe((event) => this.told.push(event));
  }

  get isSettled(): boolean {
    return this.#asked === this.#answered;
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'count') this.#expect(count(this.store, step.both).then((value) => this.#counted(value)));
    else if (step.do === 'read') this.#expect(this.#read());
    else if (step.do === 'event') this.#expect(this.#event());
    else if (step.do === 'refuse') this.#expect(this.#refuse());
    else if (step.do === 'answer') this.journal.answer(step.outcome);
    else if (step.do === 'wait') {
      this.journal.isBroken = step.isBroken;
      await vi.advanceTimersByTimeAsync(step.ms);
    }
    await vi.advanceTimersByTimeAsync(0);
    this.#check();
  }

  /** What is answered is in the journal; what is told is in it too, but for Events, and is told once. */
  #check(): void {
    const { journal, told, store, counted } = this;
    const acknowledged = [...journal.rows.values()].filter(({ revision }) => revision <= journal.base);
    for (const event of told) {
      if (event.object.resource !== 'events') expect(acknowledged).toContain(event);
      else if (event.revision > journal.base) expect(event.revision).toBeLessThanOrEqual(journal.reserved);
    }
    for (const event of acknowledged) expect(told).toContain(event);
    expect(new Set(told.map(({ revision }) => revision)).size).toBe(told.length);
    expect(told.map(({ revision }) => revision)).toEqual(told.map((_, index) => index + 2));
    expect(store.revision).toBe(told.at(-1)?.revision ?? 1);
    const value = numberIn(store.get('configmaps', 'a', 'counter')?.bytes);
    expect(counted).toEqual(Array.from({ length: value }, (_, index) => index + 1));
    const pod = told.findLast(({ object }) => object.resource === 'pods');
    const before = told.find(({ revision }) => revision === (pod?.revision ?? 0) - 1);
    expect(numberIn(before?.object.bytes)).toBe(numberIn(pod?.object.bytes));
  }

  async #read(): Promise<void> {
    const value = await this.store.transact((transaction) =>
      numberIn(transaction.get('configmaps', 'a', 'counter')?.bytes),
    );
    expect(this.counted.at(-1) ?? 0).toBeGreaterThanOrEqual(value);
  }

  async #event(): Promise<void> {
    this.#events += 1;
    await this.store.transact((transaction) => transaction.put('events', counter(`e${this.#events}`, 0)));
  }

  async #refuse(): Promise<void> {
    const refused = this.store.transact((transaction) => {
      transaction.put('configmaps', counter('refused', 1));
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
  }

  #counted(value: number): void {
    this.counted.push(value);
  }

  #expect(work: Promise<unknown>): void {
    this.#asked += 1;
    work.then(
      () => this.#settled(),
      (error: unknown) => {
        expect(String(error)).toContain('Internal error occurred: disk on fire');
        this.#settled();
      },
    );
  }

  #settled(): void {
    this.#answered += 1;
  }
}

it('answers and tells what is in the journal, whatever that does, and nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const play = new Play();
      for (const each of steps) await play.take(each);
      while (!play.isSettled) await play.take({ do: 'answer', outcome: 'written' });
      for (let turn = 0; turn < 3; turn++) {
        await play.take({ do: 'wait', ms: 3_000, isBroken: false });
        await play.take({ do: 'answer', outcome: 'written' });
      }
      expect(play.journal.base).toBe(play.store.revision);
      await play.take({ do: 'event' });
      const closed = play.store.close();
      await play.take({ do: 'answer', outcome: 'written' });
      await closed;
      expect(play.store.trouble).toBeUndefined();
      expect(play.journal.closedAt).toBe(play.store.revision);
      expect(play.journal.base).toBe(play.store.revision);
    }),
    { numRuns: 200 },
  );
});

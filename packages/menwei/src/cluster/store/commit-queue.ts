/**
 * Transactions on their way into the journal. Each works on what all those before it have written; those that come while a
 * commit is under way go into the next one together.
 */
import { internalError } from '../schema/status-error.ts';
import type { Committed } from './committed.ts';
import type { Run, TransactionRunner, Version, Written } from './draft.ts';
import type { Journal } from './journal.ts';
import type { StoreEvent, Transaction } from './store.ts';

/** A transaction whose commit is waited for. */
interface Waiting {
  readonly written: Written;
  /** Anew, for what it was run against will not come to be. Undefined: it has refused. */
  readonly rerun: () => Waiting | undefined;
  readonly committed: () => void;
  readonly failed: (error: Error) => void;
}

export interface JournalState {
  readonly journal: Journal;
  /** The last revision that is in it. */
  readonly base: number;
  /** No revision up to this one is used twice, whatever happens. */
  readonly reserved: number;
  /** Told why nothing can be written, as soon as it is so and when the reason changes; undefined: it can again. */
  readonly onTrouble?: (why: string | undefined) => void;
}

/** How long Events may wait for something to be written along with: each sync of the disk is dear, and an Event is not. */
const EVENTS_WAIT_MS = 1_000;
const PROBE_MS = 2_000;
/** Revisions are reserved before they are used without being durable, so many at a time. */
const RESERVED = 10_000;

export class CommitQueue {
  readonly #committed: Committed;
  readonly #journal: Journal;
  readonly #runner: TransactionRunner;
  /** With all that waits. */
  #newest: Version;
  #waiting: Waiting[] = [];
  /** Events that are committed, and in the journal soon. */
  #unsaved: StoreEvent[] = [];
  /** The last revision in the journal. */
  #base: number;
  #reserved: number;
  #trouble: string | undefined;
  readonly #onTrouble: JournalState['onTrouble'];
  /** A write that is under way. */
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(committed: Committed, runner: TransactionRunner, state: JournalState) {
    const { journal, base, reserved, onTrouble } = state;
    this.#committed = committed;
    this.#onTrouble = onTrouble;
    this.#runner = runner;
    this.#journal = journal;
    this.#newest = committed.version;
    this.#base = base;
    this.#reserved = reserved;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  get newest(): Version {
    return this.#newest;
  }

  async transact<Result>(work: (transaction: Transaction) => Result): Promise<Result> {
    if (this.#isClosed) throw internalError('the store is closed');
    const { result, written } = this.#runner.run(this.#newest, work);
    if (this.#needsNoWait(written)) {
      this.#newest = written;
      this.#commitSoon(written);
      return result;
    }
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#push(this.#wait(work, { result, written }, resolve, reject));
    this.#flush();
    return promise;
  }

  /** All that waits is written, or has failed, when this resolves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#flush();
    while (this.#writing !== undefined) await this.#writing;
    clearTimeout(this.#timer);
    await this.#journal.close(this.#newest.revision);
  }

  #wait<Result>(
    work: (transaction: Transaction) => Result,
    { result, written }: Run<Result>,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ): Waiting {
    return {
      written,
      rerun: () => {
        try {
          return this.#wait(work, this.#runner.run(this.#newest, work), resolve, reject);
        } catch (error) {
          reject(error);
          return undefined;
        }
      },
      committed: () => resolve(result),
      failed: reject,
    };
  }

  /** What has seen nothing that is not committed, and has written nothing that must be durable. */
  #needsNoWait({ events, revision }: Written): boolean {
    if (this.#newest.revision !== this.#committed.version.revision) return false;
    if (events.length === 0) return true;
    if (this.#trouble !== undefined || revision > this.#reserved) return false;
    return events.every(({ object }) => object.resource === 'events');
  }

  #commitSoon(written: Written): void {
    if (written.events.length === 0) return;
    this.#unsaved.push(...written.events);
    this.#committed.publish(written);
    this.#wakeLater();
  }

  #push(waiting: Waiting): void {
    this.#newest = waiting.written;
    this.#waiting.push(waiting);
  }

  #flush(): void {
    if (this.#writing !== undefined || (this.#waiting.length === 0 && this.#unsaved.length === 0)) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#perform(this.#write(batch));
  }

  /** One at a time; then comes what has come meanwhile. */
  #perform(work: Promise<void>): void {
    this.#writing = work.then(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0) this.#flush();
      else this.#wakeLater();
    });
  }

  #wakeLater(): void {
    if (this.#isClosed || (this.#trouble === undefined && this.#unsaved.length === 0)) return;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#writing !== undefined) return;
        if (this.#trouble === undefined) this.#flush();
        else this.#perform(this.#probe());
      },
      this.#trouble === undefined ? EVENTS_WAIT_MS : PROBE_MS,
    ).unref();
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const saved = this.#unsaved.length;
    const events = [...this.#unsaved, ...batch.flatMap(({ written }) => written.events)];
    const last = events.at(-1)?.revision ?? this.#base;
    const reserve = last + RESERVED / 2 > this.#reserved ? last + RESERVED : undefined;
    const why = await this.#journal.write({
      events,
      base: this.#base,
      ...(reserve === undefined ? {} : { reserve }),
    });
    if (why !== undefined) {
      this.#giveUp(batch, why);
      return;
    }
    this.#base = last;
    this.#reserved = reserve ?? this.#reserved;
    this.#unsaved.splice(0, saved);
    this.#setTrouble(undefined);
    for (const { written, committed } of batch) {
      if (written.events.length > 0) this.#committed.publish(written);
      committed();
    }
  }

  /** The batch has not been; what was run against it is run again without it. */
  #giveUp(batch: readonly Waiting[], why: string): void {
    this.#setTrouble(why);
    this.#newest = this.#committed.version;
    const later = this.#waiting;
    this.#waiting = [];
    for (const { failed } of batch) failed(internalError(why));
    for (const each of later) {
      const again = each.rerun();
      if (again !== undefined) this.#push(again);
    }
  }

  async #probe(): Promise<void> {
    this.#setTrouble(await this.#journal.probe(this.#base));
  }

  #setTrouble(why: string | undefined): void {
    if (why === this.#trouble) return;
    this.#trouble = why;
    this.#onTrouble?.(why);
  }
}

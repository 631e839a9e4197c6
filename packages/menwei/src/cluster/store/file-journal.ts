/** The store's end of the thread that writes its file. */
import { Worker } from 'node:worker_threads';
import {
  encodeBatch,
  type Question,
  type ThreadAnswer,
  type ThreadData,
  type ThreadRequest,
} from './file-messages.ts';
import type { Journal, JournalBatch } from './journal.ts';

function startFileWorker(data: ThreadData): Worker {
  return new Worker(new URL('./file-thread.ts', import.meta.url), {
    name: 'store',
    workerData: data,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

interface Compaction {
  readonly everyMs: number;
  /** What is written up to this revision may go. */
  readonly floor: () => number;
  readonly failed: (why: string) => void;
}

/** A log that grows faster than it is compacted makes the file, and the next start, long. */
const COMPACT_AFTER_BYTES = 64 * 1024 * 1024;
/** What a row takes besides the object, about. */
const ROW_BYTES = 100;

export class FileJournal implements Journal {
  readonly #data: ThreadData;
  readonly #startWorker: typeof startFileWorker;
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #questions = new Map<number, (answer: ThreadAnswer) => void>();
  /** Of the log, since the last compaction. */
  #grownBytes = 0;
  #floor = () => 0;
  #failed: (why: string) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #compacting: Promise<void> | undefined;
  #isClosed = false;

  constructor(data: ThreadData, startWorker = startFileWorker) {
    this.#data = data;
    this.#startWorker = startWorker;
    this.#worker = this.#start();
  }

  async write({ events, base, reserve }: JournalBatch): Promise<string | undefined> {
    const batch = encodeBatch(events, base, reserve);
    this.#grownBytes += batch.bytes.byteLength + events.length * ROW_BYTES;
    const { failure } = await this.#ask({ write: batch }, [batch.bytes]);
    if (this.#grownBytes > COMPACT_AFTER_BYTES) this.#compact();
    return failure;
  }

  async probe(base: number): Promise<string | undefined> {
    return (await this.#ask({ probe: base })).failure;
  }

  /** From now on what readers of the history have no use for goes from the log into the snapshot, now and then. */
  startCompaction({ everyMs, floor, failed }: Compaction): void {
    this.#floor = floor;
    this.#failed = failed;
    this.#timer = setInterval(() => this.#compact(), everyMs).unref();
  }

  async close(revision: number): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosed = true;
    await this.#ask({ close: revision });
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #compact(): void {
    if (this.#isClosed) return;
    this.#grownBytes = 0;
    this.#compacting ??= this.#compactTo(this.#floor()).then((failure) => {
      this.#compacting = undefined;
      if (failure !== undefined) this.#failed(failure);
    });
  }

  /** In steps, between which there is time for writes. */
  async #compactTo(revision: number): Promise<string | undefined> {
    for (;;) {
      const { failure, isMore } = await this.#ask({ compact: revision });
      if (!isMore || this.#isClosed) return failure;
    }
  }

  #ask(question: Question, transfer: ArrayBuffer[] = []): Promise<ThreadAnswer> {
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve } = Promise.withResolvers<ThreadAnswer>();
    this.#questions.set(id, resolve);
    const request: ThreadRequest = { id, question };
    this.#worker.postMessage(request, transfer);
    return promise;
  }

  #start(): Worker {
    const worker = this.#startWorker(this.#data);
    let why = 'it ended';
    worker.on('message', (answer: ThreadAnswer) => {
      const tell = this.#questions.get(answer.id);
      this.#questions.delete(answer.id);
      tell?.(answer);
    });
    worker.on('error', (error) => {
      why = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      const failure = `can't write ${this.#data.path}: the thread that does has failed: ${why}`;
      for (const [id, tell] of this.#questions) tell({ id, failure, isMore: false });
      this.#questions.clear();
    });
    return worker;
  }
}

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

export class FileJournal implements Journal {
  readonly #data: ThreadData;
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #questions = new Map<number, (answer: ThreadAnswer) => void>();

  constructor(data: ThreadData) {
    this.#data = data;
    this.#worker = this.#start();
  }

  async write({ events, base, reserve }: JournalBatch): Promise<string | undefined> {
    const batch = encodeBatch(events, base, reserve);
    return (await this.#ask({ write: batch }, [batch.bytes])).failure;
  }

  async probe(base: number): Promise<string | undefined> {
    return (await this.#ask({ probe: base })).failure;
  }

  /** What was written up to a revision goes from the log into the snapshot. Returns why that failed. */
  async compact(upTo: number): Promise<string | undefined> {
    for (;;) {
      const { failure, isMore } = await this.#ask({ compact: upTo });
      if (!isMore) return failure;
    }
  }

  async close(revision: number): Promise<void> {
    await this.#ask({ close: revision });
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
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
    const worker = new Worker(new URL('./file-thread.ts', import.meta.url), {
      name: 'store',
      workerData: this.#data,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
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

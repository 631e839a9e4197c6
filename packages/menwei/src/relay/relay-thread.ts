/** The pool's end of a thread. */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { ListenFailure } from './contract.ts';
import {
  type Changes,
  decodeFailure,
  type ThreadData,
  type ThreadMessage,
  type ThreadReport,
  type ThreadRequest,
} from './thread-messages.ts';

export type StartWorker = (data: ThreadData) => Worker;

export function startWorker(data: ThreadData): Worker {
  // What belongs to a connection lives for a moment: other than in the main thread, a young generation of some size pays.
  setFlagsFromString('--max-semi-space-size=8');
  return new Worker(new URL('./thread.ts', import.meta.url), {
    name: `relays ${data.number}`,
    workerData: data,
    execArgv: [],
  });
}

/** A thread that has not answered for so long is not going to; listeners of thousands of Services take a second. */
const ANSWER_WITHIN_MS = 30_000;

/** What became of changes: what could not be listened on, or that the thread has come to its end instead of an answer. */
export type ThreadAnswer = readonly ListenFailure[] | 'ended';

interface ThreadEvents {
  readonly reported: (report: ThreadReport) => void;
  /** It will do nothing any more. */
  readonly ended: (error: Error | undefined) => void;
}

type Question = (answer: ThreadAnswer) => void;

export class RelayThread {
  readonly #worker: Worker;
  readonly #answerWithinMs: number;
  readonly #questions = new Map<number, Question>();
  #lastId = 0;
  #hasEnded = false;
  #failure: Error | undefined;

  constructor(worker: Worker, events: ThreadEvents, answerWithinMs = ANSWER_WITHIN_MS) {
    this.#worker = worker;
    this.#answerWithinMs = answerWithinMs;
    worker.on('message', (message: ThreadMessage) => {
      if ('report' in message) events.reported(message.report);
      else this.#answered(message);
    });
    worker.on('error', (error) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', () => {
      this.#end();
      events.ended(this.#failure);
    });
  }

  /**
   * Like `apply` of Relays. A thread that fails to answer, or whose answer is that something was thrown, is ended: nobody
   * knows what it has open.
   */
  async apply(changes: Changes): Promise<ThreadAnswer> {
    let timer: NodeJS.Timeout | undefined;
    const limit = `a relay thread did not answer within ${this.#answerWithinMs / 1000} seconds`;
    try {
      return await this.#ask(
        (id) => ({ id, apply: changes }),
        () => {
          timer = setTimeout(() => this.#giveUp(new Error(limit)), this.#answerWithinMs);
        },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the listeners; resolves when nothing is open any more. */
  async close(): Promise<void> {
    await this.#ask((id) => ({ id, close: true }));
  }

  /** Ends it, and with it all that it has open. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(request: (id: number) => ThreadRequest, asked: () => void = () => undefined): Promise<ThreadAnswer> {
    if (this.#hasEnded) return Promise.resolve('ended');
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      asked();
      this.#worker.postMessage(request(id));
    });
  }

  #answered(answer: Exclude<ThreadMessage, { readonly report: ThreadReport }>): void {
    // Of one that was given up nobody wants to hear any more.
    if (this.#hasEnded) return;
    const question = this.#questions.get(answer.id);
    if (question === undefined) {
      this.#giveUp(new Error(`BUG: a relay thread answers what nobody asked: ${answer.id}`));
      return;
    }
    if ('thrown' in answer) {
      this.#giveUp(new Error(`a relay thread failed: ${answer.thrown}`));
      return;
    }
    this.#questions.delete(answer.id);
    question(answer.failures.map(decodeFailure));
  }

  /** Whatever it still does, nobody counts on it. */
  #giveUp(why: Error): void {
    this.#failure ??= why;
    this.#end();
    this.#worker.terminate().catch(() => undefined);
  }

  #end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#questions.values()) resolve('ended');
    this.#questions.clear();
  }
}

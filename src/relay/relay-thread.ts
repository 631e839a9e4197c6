/** The pool's end of a thread. */
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
  return new Worker(new URL('./thread.ts', import.meta.url), {
    name: `relays ${data.number}`,
    workerData: data,
    execArgv: [],
  });
}

export interface ThreadEvents {
  readonly reported: (report: ThreadReport) => void;
  /** It will do nothing any more. */
  readonly ended: (error: Error | undefined) => void;
}

interface Question {
  readonly resolve: (failures: readonly ListenFailure[]) => void;
  readonly reject: (error: Error) => void;
}

export class RelayThread {
  readonly #worker: Worker;
  readonly #questions = new Map<number, Question>();
  #lastId = 0;
  #hasEnded = false;

  constructor(worker: Worker, events: ThreadEvents) {
    this.#worker = worker;
    let failure: Error | undefined;
    worker.on('message', (message: ThreadMessage) => {
      if ('report' in message) events.reported(message.report);
      else this.#answered(message);
    });
    worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', () => {
      this.#hasEnded = true;
      for (const { resolve } of this.#questions.values()) resolve([]);
      this.#questions.clear();
      events.ended(failure);
    });
  }

  /** Like `apply` of Relays. A thread that ends before it answers has no failures to tell. */
  apply(changes: Changes): Promise<readonly ListenFailure[]> {
    return this.#ask((id) => ({ id, apply: changes }));
  }

  /** Closes the listeners; resolves when nothing is open any more. */
  async close(): Promise<void> {
    await this.#ask((id) => ({ id, close: true }));
  }

  /** Ends it, and with it all that it has open. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(request: (id: number) => ThreadRequest): Promise<readonly ListenFailure[]> {
    if (this.#hasEnded) return Promise.resolve([]);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      this.#worker.postMessage(request(id));
    });
  }

  #answered(answer: Exclude<ThreadMessage, { readonly report: ThreadReport }>): void {
    const question = this.#questions.get(answer.id);
    if (question === undefined)
      throw new Error(`BUG: a relay thread answers what nobody asked: ${answer.id}`);
    this.#questions.delete(answer.id);
    if ('thrown' in answer) question.reject(new Error(`a relay thread failed: ${answer.thrown}`));
    else question.resolve(answer.failures.map(decodeFailure));
  }
}

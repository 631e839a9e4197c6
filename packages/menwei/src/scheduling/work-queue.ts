/** Keys to work on: each once at a time, in the order in which they came, and again after a while when the work has failed. */
import { EventLoopTurn } from './event-loop.ts';
import { type RetryTiming, retryDelayMs } from './retry.ts';

export interface WorkQueueOptions {
  /** Or by a rule of its own: how many milliseconds after so many failures in a row, the last of them with this error. */
  readonly retry: RetryTiming | ((failures: number, error: unknown) => number);
  /** Is told of every failure, and when it is tried again: no key is ever given up, for what stands in the way may pass late. */
  readonly onFailure: (key: string, error: unknown, retryMs: number) => void;
}

interface WorkCounts {
  /** Keys that nobody works on yet. */
  readonly waiting: number;
  /** Since the start, those that failed included. */
  readonly done: number;
  readonly failed: number;
  /** All together; keys that were under way at once count each. */
  readonly workSeconds: number;
}

/** Keys under way at once: their writes become durable together. */
const WIDTH = 64;

/** Never the same key twice at a time, and many keys at a time. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #underWay = new Set<string>();
  /** In a row. */
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #wake = Promise.withResolvers<void>();
  #done = 0;
  #failed = 0;
  #workMs = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  get counts(): WorkCounts {
    return {
      waiting: this.#waiting.size,
      done: this.#done,
      failed: this.#failed,
      workSeconds: this.#workMs / 1000,
    };
  }

  /** Nobody works on anything, and nothing is to be worked on before its time. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#underWay.size === 0;
  }

  /** One that waits already waits no longer; one under way comes once more. */
  add(key: string): void {
    this.#waiting.add(key);
    this.#wake.resolve();
  }

  /** Adds it as something new: former failures no longer count. */
  addAnew(key: string): void {
    this.#failures.delete(key);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.add(key);
  }

  /** Adds it then, and not before; the last such time of a key counts. */
  addLater(key: string, delayMs: number): void {
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, delayMs);
    this.#timers.set(key, timer);
  }

  /** Works until the signal fires, and resolves when nothing is under way. `work` fails by rejecting. */
  async run(work: (key: string) => Promise<void>, signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake.resolve();
    signal.addEventListener('abort', wake);
    const turn = new EventLoopTurn();
    while (!signal.aborted) {
      const key = this.#next();
      if (key === undefined) await this.#untilWoken();
      else {
        void this.#workOn(key, work);
        await turn.rest();
      }
    }
    while (this.#underWay.size > 0) await this.#untilWoken();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    signal.removeEventListener('abort', wake);
  }

  #next(): string | undefined {
    if (this.#underWay.size >= WIDTH) return undefined;
    for (const key of this.#waiting) {
      if (this.#underWay.has(key)) continue;
      this.#waiting.delete(key);
      return key;
    }
    return undefined;
  }

  async #untilWoken(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers();
  }

  async #workOn(key: string, work: (key: string) => Promise<void>): Promise<void> {
    this.#underWay.add(key);
    const startedAtMs = performance.now();
    try {
      await work(key);
      this.#failures.delete(key);
    } catch (error) {
      this.#failed += 1;
      this.#fail(key, error);
    }
    this.#done += 1;
    this.#workMs += performance.now() - startedAtMs;
    this.#underWay.delete(key);
    this.#wake.resolve();
  }

  #fail(key: string, error: unknown): void {
    const { retry, onFailure } = this.#options;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const retryMs = typeof retry === 'function' ? retry(failures, error) : retryDelayMs(failures, retry);
    this.addLater(key, retryMs);
    onFailure(key, error, retryMs);
  }
}

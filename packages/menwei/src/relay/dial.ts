/**
 * Connecting to one of several endpoints. Silence takes time: four attempts that nobody answers, of 250 ms, 500 ms, 1 s
 * and 2 s (spec § 7.6), each with another endpoint as long as there is one. A refusal comes at once, and so does the next
 * attempt; when all have refused, the next of the four slots starts over, since a pod may be back by then.
 */
import type { RelayEndpoint } from './contract.ts';

/** No dialing takes longer than their sum, unless endpoints leave meanwhile. */
export const SLOTS_MS: readonly number[] = [250, 500, 1000, 2000];
/** Refusals in one slot: nobody is to make a machine do thousands of attempts for one connection. */
const MAX_ATTEMPTS_PER_SLOT = 16;

const SHORTAGES: readonly string[] = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'];

/** This machine has run out of something; the other side can't help it. */
export function isShortage({ code }: NodeJS.ErrnoException): boolean {
  return code !== undefined && SHORTAGES.includes(code);
}

export type DialOutcome<S> =
  | {
      readonly outcome: 'connected';
      readonly socket: S;
      readonly endpoint: RelayEndpoint;
      readonly attempts: number;
    }
  | { readonly outcome: 'unserved' | 'no-descriptor'; readonly attempts: number };

/** Starts to connect. `settled` is called at most once, later, and not after the socket was destroyed. */
type Connect<S> = (endpoint: RelayEndpoint, settled: (error: NodeJS.ErrnoException | undefined) => void) => S;

interface DialOptions<S> {
  /** The endpoints to try, each once; asked for once a round. */
  readonly order: () => Iterator<RelayEndpoint, undefined, undefined>;
  readonly connect: Connect<S>;
  readonly failed: (endpoint: RelayEndpoint, why: string) => void;
  /** Called once, unless aborted before. */
  readonly done: (outcome: DialOutcome<S>) => void;
}

/** The dialing for one connection. */
export class Dial<S extends { destroy(): unknown }> {
  readonly #options: DialOptions<S>;
  #round: Iterator<RelayEndpoint, undefined, undefined>;
  #slot = 0;
  #attempts = 0;
  #attemptsInSlot = 0;
  #pending: { readonly endpoint: RelayEndpoint; readonly socket: S } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DialOptions<S>) {
    this.#options = options;
    this.#round = options.order();
  }

  start(): void {
    this.#startSlot();
  }

  /** The endpoint that has not answered yet may have left: then another one is tried, as if the slot had just begun. */
  keepTo(isThere: (endpoint: RelayEndpoint) => boolean): void {
    if (this.#pending === undefined || isThere(this.#pending.endpoint)) return;
    this.abort();
    this.#round = this.#options.order();
    this.#startSlot();
  }

  /** Nobody waits any more. */
  abort(): void {
    clearTimeout(this.#timer);
    this.#pending?.socket.destroy();
    this.#pending = undefined;
  }

  #startSlot(): void {
    this.#timer = setTimeout(() => this.#endSlot(), SLOTS_MS[this.#slot]);
    this.#attemptsInSlot = 0;
    let endpoint = this.#round.next().value;
    if (endpoint === undefined) {
      this.#round = this.#options.order();
      endpoint = this.#round.next().value;
    }
    if (endpoint === undefined) this.#giveUp();
    else this.#attempt(endpoint);
  }

  #attempt(endpoint: RelayEndpoint): void {
    this.#attempts++;
    this.#attemptsInSlot++;
    const socket = this.#options.connect(endpoint, (error) => this.#settled(endpoint, socket, error));
    this.#pending = { endpoint, socket };
  }

  #settled(endpoint: RelayEndpoint, socket: S, error: NodeJS.ErrnoException | undefined): void {
    this.#pending = undefined;
    const attempts = this.#attempts;
    if (error === undefined) this.#finish({ outcome: 'connected', socket, endpoint, attempts });
    else if (isShortage(error)) this.#finish({ outcome: 'no-descriptor', attempts });
    else {
      this.#options.failed(endpoint, error.code ?? error.message);
      this.#attemptNext();
    }
  }

  /** In the same slot, if there is somebody left for it. */
  #attemptNext(): void {
    const isFull = this.#attemptsInSlot === MAX_ATTEMPTS_PER_SLOT;
    const endpoint = isFull ? undefined : this.#round.next().value;
    if (endpoint !== undefined) this.#attempt(endpoint);
    else if (this.#slot === SLOTS_MS.length - 1) this.#giveUp();
  }

  #giveUp(): void {
    this.#finish({ outcome: 'unserved', attempts: this.#attempts });
  }

  #endSlot(): void {
    const silent = this.#pending;
    if (silent !== undefined) {
      this.abort();
      this.#options.failed(silent.endpoint, 'ETIMEDOUT');
    }
    this.#slot++;
    if (this.#slot === SLOTS_MS.length) this.#giveUp();
    else this.#startSlot();
  }

  #finish(outcome: DialOutcome<S>): void {
    clearTimeout(this.#timer);
    this.#options.done(outcome);
  }
}

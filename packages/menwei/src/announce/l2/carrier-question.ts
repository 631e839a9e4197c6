/** When the kernel is asked for carriers because it may be late to tell. */

/**
 * The kernel tells of a lost carrier at once, but not within the second after it has told of any other change of a link
 * (net/core/link_watch.c): for so long it is asked.
 */
const CARRIER_INTERVAL_MS = 100;
const CARRIER_ASKED_MS = 1_200;

export class CarrierQuestion {
  readonly #ask: () => void;
  #timer: NodeJS.Timeout | undefined;
  #untilMs = 0;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** For a while from now on. */
  start(): void {
    this.#untilMs = performance.now() + CARRIER_ASKED_MS;
    this.#timer ??= setInterval(() => {
      this.#ask();
      if (performance.now() >= this.#untilMs) this.stop();
    }, CARRIER_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

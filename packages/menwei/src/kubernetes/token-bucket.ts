/** Client-side rate limit (clientConnection.qps and burst), as client-go's flow control. */
import { setTimeout as sleep } from 'node:timers/promises';

/** `burst` requests at once, then `qps` a second. */
export class TokenBucket {
  readonly #qps: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #filledAtMs: number;

  /** @param qps requests a second; not positive: no limit, as client-go reads a negative value */
  constructor(qps: number, burst: number, nowMs: () => number = () => performance.now()) {
    this.#qps = qps;
    this.#burst = Math.max(1, burst);
    this.#nowMs = nowMs;
    this.#tokens = this.#burst;
    this.#filledAtMs = nowMs();
  }

  /** Takes a token, in debt if there is none, and says how long its taker has to wait for it. */
  reserveMs(): number {
    if (this.#qps <= 0) return 0;
    const now = this.#nowMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAtMs) / 1000) * this.#qps);
    this.#filledAtMs = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#qps) * 1000;
  }

  /** Resolves when the request may be sent; rejects when the signal fires. */
  async take(signal: AbortSignal): Promise<void> {
    const waitMs = this.reserveMs();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }
}

/** Whether an upstream answers (dns § 6): after two failures in a row it is asked last, until a probe says that it is back. */
import { retryDelayMs } from '../../scheduling/retry.ts';

/** Failures in a row that make an upstream one that is down, as CoreDNS has it. */
const MAX_FAILS = 2;
const PROBE = { firstMs: 500, maxMs: 30_000 };

export class UpstreamHealth {
  readonly #probe: () => Promise<boolean>;
  readonly #changed: (isDown: boolean) => void;
  #failures = 0;
  #failedProbes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param probe true: it has answered
   * @param changed is told when it goes down, and when it is back
   */
  constructor(probe: () => Promise<boolean>, changed: (isDown: boolean) => void) {
    this.#probe = probe;
    this.#changed = changed;
  }

  get isDown(): boolean {
    return this.#failures >= MAX_FAILS;
  }

  /** Any answer counts: who answers is alive, whatever is said. */
  answered(): void {
    const wasDown = this.isDown;
    this.#failures = 0;
    if (!wasDown) return;
    clearTimeout(this.#timer);
    this.#changed(false);
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures !== MAX_FAILS || this.#isClosed) return;
    this.#failedProbes = 0;
    this.#changed(true);
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#look(), retryDelayMs(this.#failedProbes + 1, PROBE));
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const hasAnswered = await this.#probe();
    // A query may have shown meanwhile that it is back.
    if (this.#isClosed || !this.isDown) return;
    if (hasAnswered) {
      this.answered();
      return;
    }
    this.#failedProbes += 1;
    this.#schedule();
  }
}

/** Whether what this node says it announces is answered: an announcer that only believes so is worse than none (load-balancer § 10). */
import type { Speaker } from './speaker.ts';

/** What is put right sooner is nobody's business. */
const PATIENCE_MS = 2_500;

interface Silence {
  readonly sinceMs: number;
  readonly reason: string;
}

export class SelfTest {
  readonly #silent = new Map<string, Silence>();

  /** Looks at what is answered now. @param announced what should be. The addresses that are mute since the last look, and why */
  look(speaker: Pick<Speaker, 'observe'>, announced: ReadonlySet<string>): ReadonlyMap<string, string> {
    const now = performance.now();
    const reasons = new Map<string, string>(
      [...announced].map((address) => [address, 'nothing answers for it']),
    );
    for (const { address, isAnswering, reason } of speaker.observe()) {
      if (isAnswering) reasons.delete(address);
      else if (reasons.has(address) && reason !== undefined) reasons.set(address, reason);
    }
    for (const address of this.#silent.keys()) if (!reasons.has(address)) this.#silent.delete(address);
    const news = new Map<string, string>();
    for (const [address, reason] of reasons) {
      const wasMute = this.isMute(address, now - CHECK_MS);
      if (!this.#silent.has(address)) this.#silent.set(address, { sinceMs: now, reason });
      if (!wasMute && this.isMute(address, now)) news.set(address, reason);
    }
    return news;
  }

  /** Nothing has answered for the address for too long. */
  isMute(address: string, nowMs = performance.now()): boolean {
    const silence = this.#silent.get(address);
    return silence !== undefined && nowMs - silence.sinceMs >= PATIENCE_MS;
  }
}

/** How often somebody has to look. */
export const CHECK_MS = 1_000;

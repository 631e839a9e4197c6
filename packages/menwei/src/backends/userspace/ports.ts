/** Which port a listener gets: the same one on every node and after a restart, unless something else has it there. */
import { hash } from 'node:crypto';
import type { PortRange } from '../../config/settings.ts';

/** The ports of one protocol. */
export class PortSpace {
  readonly #range: PortRange;
  /** Those of other programs. */
  readonly #taken: ReadonlySet<number>;
  readonly #claimed = new Set<number>();

  constructor(range: PortRange, taken: ReadonlySet<number>) {
    this.#range = range;
    this.#taken = taken;
  }

  /** Gives out a port that is asked for; false: it is not to be had. */
  claim(port: number): boolean {
    if (port < this.#range.first || port > this.#range.last || !this.#isFree(port)) return false;
    this.#claimed.add(port);
    return true;
  }

  /** Gives out the port that the text stands for, or the next free one upward. Undefined: there is none left. */
  choose(text: string): number | undefined {
    const { first, last } = this.#range;
    const count = last - first + 1;
    if (this.#claimed.size >= count) return undefined;
    const start = homeOf(text, count);
    for (let step = 0; step < count; step++) {
      const port = first + ((start + step) % count);
      if (this.claim(port)) return port;
    }
    return undefined;
  }

  release(port: number): void {
    this.#claimed.delete(port);
  }

  #isFree(port: number): boolean {
    return !this.#claimed.has(port) && !this.#taken.has(port);
  }
}

/** 48 bits, so that no port of 65,535 is more likely than another by what matters. */
function homeOf(text: string, count: number): number {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 12), 16) % count;
}

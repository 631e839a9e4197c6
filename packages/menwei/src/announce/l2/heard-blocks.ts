/**
 * What a socket has to hear of, in blocks of 64 addresses: pools lie together, and to give the kernel another filter costs more
 * than to hear of some neighbours' addresses. Pure.
 */
import { lastWordOf, type NumberRange, rangesOf } from '@menwei/neighbor/address-ranges.ts';

const BLOCK_SIZE = 64;
/** The kernel looks at each frame of the protocol with all of them, in the worst case. */
const MOST_RANGES = 32;
/** What is asked for now and then stays so long. */
const IDLE_MS = 60_000;

interface Block {
  readonly ips: Set<string>;
  /** Since when there are none. */
  idleSinceMs: number;
}

export class HeardBlocks {
  readonly #blocks = new Map<number, Block>();

  /** Whether {@link ranges} has to be asked for again. */
  add(ip: string): boolean {
    const number = blockOf(ip);
    const present = this.#blocks.get(number);
    if (present !== undefined) present.ips.add(ip);
    else this.#blocks.set(number, { ips: new Set([ip]), idleSinceMs: 0 });
    return present === undefined;
  }

  /** It is heard of for a while. */
  delete(ip: string, nowMs: number): void {
    const block = this.#blocks.get(blockOf(ip));
    if (block?.ips.delete(ip) && block.ips.size === 0) block.idleSinceMs = nowMs;
  }

  /** Of the last 32 bits of addresses. */
  ranges(nowMs: number): readonly NumberRange[] {
    for (const [number, { ips, idleSinceMs }] of this.#blocks) {
      if (ips.size === 0 && nowMs - idleSinceMs >= IDLE_MS) this.#blocks.delete(number);
    }
    return rangesOf(this.#blocks.keys(), MOST_RANGES).map(({ first, last }) => ({
      first: first * BLOCK_SIZE,
      last: last * BLOCK_SIZE + BLOCK_SIZE - 1,
    }));
  }
}

function blockOf(ip: string): number {
  return Math.floor(lastWordOf(ip) / BLOCK_SIZE);
}

/** Many timers for the price of few: each is in the slot of its tick. Pure: time is an argument. */

export const TICK_MS = 50;
/** Longer than the longest interval with its jitter: an entry is never due in a later round. */
const SLOTS = 8_192;

/** An entry that was taken out of another slot, or is not to be called any more, is passed over when its slot comes. */
export class TimerWheel<Entry> {
  readonly #slots: (Entry[] | undefined)[] = Array.from({ length: SLOTS });
  readonly #dueTick: (entry: Entry) => number;
  #tick: number;

  /** @param dueTick the tick that an entry is due at now, or any other number when it is no more */
  constructor(nowMs: number, dueTick: (entry: Entry) => number) {
    this.#tick = tickOf(nowMs);
    this.#dueTick = dueTick;
  }

  /** The first tick at or after that time which is still to come. */
  tickAt(atMs: number): number {
    const tick = Math.ceil(atMs / TICK_MS);
    return Math.min(Math.max(tick, this.#tick + 1), this.#tick + SLOTS - 1);
  }

  /** `tick` is of {@link tickAt}, and what `dueTick` says of the entry. */
  add(entry: Entry, tick: number): void {
    const slot = this.#slots[tick % SLOTS];
    if (slot === undefined) this.#slots[tick % SLOTS] = [entry];
    else slot.push(entry);
  }

  /** What is due by now, in the order of its ticks. One that came to its slot twice is there twice. */
  advance(nowMs: number): readonly Entry[] {
    const due: Entry[] = [];
    const last = tickOf(nowMs);
    while (this.#tick < last) {
      this.#tick++;
      const slot = this.#slots[this.#tick % SLOTS];
      if (slot === undefined) continue;
      this.#slots[this.#tick % SLOTS] = undefined;
      for (const entry of slot) if (this.#dueTick(entry) === this.#tick) due.push(entry);
    }
    return due;
  }
}

function tickOf(atMs: number): number {
  return Math.floor(atMs / TICK_MS);
}

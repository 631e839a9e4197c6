/**
 * Who has made nf_tables transactions of late, by netlink port. Those of every program are heard, in whatever table, and
 * each run of a tool has a port of its own: so the oldest are forgotten. Much more come between a change and the look at it
 * only on a node where nothing is at rest.
 */
const MOST = 1_000;

export class RecentPrograms {
  readonly #most: number;
  #names = new Map<number, string>();

  /** @param most so many are known at a time */
  constructor(most = MOST) {
    this.#most = most;
  }

  /** @param name as `iptables (process 4711)` */
  note(port: number, name: string): void {
    // The newest comes last.
    this.#names.delete(port);
    this.#names.set(port, name);
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= this.#most) return;
      this.#names.delete(oldest);
    }
  }

  /** Those that were noted since the last time, by port; they are forgotten. */
  take(): ReadonlyMap<number, string> {
    const names = this.#names;
    this.#names = new Map();
    return names;
  }
}

/** Texts that more than one service port may want: each is there until the last of them wants it no more. */
export class Tally {
  readonly #counts = new Map<string, number>();

  take(text: string): void {
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + 1);
  }

  release(text: string): void {
    const count = this.#counts.get(text);
    if (count === undefined) throw new Error(`BUG: ${text} was released too often`);
    if (count === 1) this.#counts.delete(text);
    else this.#counts.set(text, count - 1);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  all(): ReadonlySet<string> {
    return new Set(this.#counts.keys());
  }

  /** Those of them that are there. */
  among(texts: ReadonlySet<string>): ReadonlySet<string> {
    return new Set([...texts].filter((text) => this.#counts.has(text)));
  }
}

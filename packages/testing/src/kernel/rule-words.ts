/** The words of one command of iptables-restore. */

/** The words of one command, taken one after the other. */
export class Words {
  readonly #words: readonly string[];
  #next = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get isEmpty(): boolean {
    return this.#next >= this.#words.length;
  }

  peek(): string | undefined {
    return this.#words[this.#next];
  }

  take(): string {
    const word = this.#words[this.#next++];
    if (word === undefined) throw new BadCommand(`option "${this.#words.at(-1)}" requires an argument`);
    return word;
  }
}

/** The tools refuse a command; the message is what they say about it. */
export class BadCommand extends Error {}

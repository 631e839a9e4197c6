/** Command lines of iptables-restore, cut into words and quoted again. */

/** Double quotes group; a backslash inside them takes the next character as it is. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const match of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
    words.push(match[1] === undefined ? (match[2] ?? '') : match[1].replace(/\\(.)/g, '$1'));
  }
  return words;
}

/** As the tools print text: bare only if nothing in it could be taken for anything else. */
export function quoteWord(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`;
}

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

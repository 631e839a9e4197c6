/** The form of a Corefile: server blocks with lines, and lines with more lines in them; what they mean is said elsewhere. */

export interface CorefileProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** `name arguments… { more lines }`. */
export interface Directive {
  readonly line: number;
  readonly name: string;
  readonly args: readonly string[];
  readonly body: readonly Directive[];
}

export interface ServerBlock {
  readonly line: number;
  /** Such as `.:53`. */
  readonly keys: readonly string[];
  readonly body: readonly Directive[];
}

interface ParsedBlocks {
  readonly blocks: readonly ServerBlock[];
  /** With one of these the blocks are of no use. */
  readonly problems: readonly CorefileProblem[];
}

export function parseBlocks(text: string): ParsedBlocks {
  const reader = new Reader(text);
  const lines = reader.readLines();
  return { blocks: lines.map((line) => toBlock(line, reader)), problems: reader.problems };
}

function toBlock({ line, name, args, body, hasBody }: ReadDirective, reader: Reader): ServerBlock {
  if (!hasBody) reader.complain(line, `${JSON.stringify(name)}: a server block needs { … }`);
  if (name.startsWith('(')) reader.complain(line, `${JSON.stringify(name)}: snippets are not supported`);
  const keys = [name, ...args].flatMap((key) => key.split(',')).filter((key) => key !== '');
  return { line, keys, body };
}

interface ReadDirective extends Directive {
  readonly hasBody: boolean;
}

interface Line {
  readonly number: number;
  readonly words: readonly string[];
}

/** How deep braces may lie in each other; Corefiles need two. */
const MAX_DEPTH = 8;

class Reader {
  readonly problems: CorefileProblem[] = [];
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
      .map((line, index) => ({ number: index + 1, words: this.#split(line, index + 1) }))
      .filter(({ words }) => words.length > 0);
  }

  complain(line: number, message: string): void {
    this.problems.push({ line, message });
  }

  /** All lines up to the end of the text. */
  readLines(): readonly ReadDirective[] {
    const lines: ReadDirective[] = [];
    for (let next = this.#lines[this.#at]; next !== undefined; next = this.#lines[this.#at]) {
      if (next.words[0] === '}') {
        this.complain(next.number, 'there is a } without its {');
        this.#at += 1;
      } else lines.push(this.#readDirective(next, 0));
    }
    return lines;
  }

  #readDirective({ number, words }: Line, depth: number): ReadDirective {
    this.#at += 1;
    const hasBody = words.at(-1) === '{';
    const [name = '', ...args] = hasBody ? words.slice(0, -1) : words;
    const stray = args.find((word) => word === '{' || word === '}');
    if (stray !== undefined || name === '{') {
      this.complain(number, 'a { stands at the end of its line, and a } on a line of its own');
    }
    if (words.some((word) => /\{[$%]/.test(word))) {
      this.complain(number, 'variables of the environment are not supported');
    }
    return { line: number, name, args, body: hasBody ? this.#readBody(number, depth + 1) : [], hasBody };
  }

  #readBody(opened: number, depth: number): readonly Directive[] {
    const body: Directive[] = [];
    for (;;) {
      const next = this.#lines[this.#at];
      if (next === undefined || depth > MAX_DEPTH) {
        this.complain(opened, next === undefined ? 'the { has no }' : 'there are too many { in each other');
        this.#at = this.#lines.length;
        return body;
      }
      if (next.words[0] === '}') {
        if (next.words.length > 1) this.complain(next.number, 'a } stands on a line of its own');
        this.#at += 1;
        return body;
      }
      body.push(this.#readDirective(next, depth));
    }
  }

  /** Words are apart by white space; those with white space in them are in double quotes. */
  #split(line: string, number: number): readonly string[] {
    const words: string[] = [];
    const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|(#.*)|(\S+))/gy;
    for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
      const [, quoted, comment, plain] = match;
      if (comment !== undefined) break;
      if (plain?.startsWith('"')) this.complain(number, 'a quote is not closed');
      words.push(quoted?.replaceAll(/\\(["\\])/g, '$1') ?? plain ?? '');
    }
    return words;
  }
}

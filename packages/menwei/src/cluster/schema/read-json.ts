/**
 * A reader of JSON for what clients send: it tells which keys repeat, makes objects without prototypes, has bounds, and
 * says what is wrong in Go's words.
 */
import type { JsonValue } from './json.ts';
import { newObject } from './values.ts';

export interface ReadValue {
  readonly value: JsonValue;
  /** Keys that stand in an object more than once; the last one counts. */
  readonly repeated: ReadonlyMap<object, ReadonlySet<string>>;
}

/** Levels of objects and lists in one value, so that whoever walks it may use recursion. */
export const DEEPEST = 100;
/** Values in one body: what an object takes in memory is a multiple of its text. */
export const MOST_VALUES = 100_000;

export const TOO_DEEP = 'exceeded max depth';
export const TOO_MANY = `exceeded max number of values (${MOST_VALUES})`;

/** What can't be read, in Go's words: `unexpected end of JSON input`. */
export class TextError extends Error {
  override readonly name = 'TextError';
}

/** Of the texts that clients send. A byte order mark stays, and is no JSON. */
export const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** @throws TextError */
export function readJson(text: string): ReadValue {
  return new Reader(text).read();
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #values = 0;
  readonly #repeated = new Map<object, Set<string>>();

  constructor(text: string) {
    this.#text = text;
  }

  read(): ReadValue {
    const value = this.#value();
    this.#skipBlanks();
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
    return { value, repeated: this.#repeated };
  }

  #value(): JsonValue {
    this.#skipBlanks();
    this.#values += 1;
    if (this.#values > MOST_VALUES) throw new TextError(TOO_MANY);
    const unit = this.#text[this.#at];
    switch (unit) {
      case '{':
        return this.#object();
      case '[':
        return this.#list();
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        if (unit === '-' || isDigit(this.#text.charCodeAt(this.#at))) return this.#number();
        throw this.#unexpected('looking for beginning of value');
    }
  }

  #object(): JsonValue {
    const object = newObject();
    this.#enter();
    if (this.#text[this.#at] === '}') return this.#leave(object);
    for (;;) {
      this.#skipBlanks();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      this.#skipBlanks();
      if (this.#text[this.#at] !== ':') throw this.#unexpected('after object key');
      this.#at += 1;
      if (key in object) this.#repeat(object, key);
      object[key] = this.#value();
      this.#skipBlanks();
      const unit = this.#text[this.#at];
      if (unit === '}') return this.#leave(object);
      if (unit !== ',') throw this.#unexpected('after object key:value pair');
      this.#at += 1;
    }
  }

  #list(): JsonValue {
    const list: JsonValue[] = [];
    this.#enter();
    if (this.#text[this.#at] === ']') return this.#leave(list);
    for (;;) {
      list.push(this.#value());
      this.#skipBlanks();
      const unit = this.#text[this.#at];
      if (unit === ']') return this.#leave(list);
      if (unit !== ',') throw this.#unexpected('after array element');
      this.#at += 1;
    }
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new TextError(TOO_DEEP);
    this.#at += 1;
    this.#skipBlanks();
  }

  #leave<Value>(value: Value): Value {
    this.#depth -= 1;
    this.#at += 1;
    return value;
  }

  #repeat(object: object, key: string): void {
    const keys = this.#repeated.get(object);
    if (keys === undefined) this.#repeated.set(object, new Set([key]));
    else keys.add(key);
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (unit === BACKSLASH || unit < 0x20) return this.#slowString(start, at);
    }
    this.#at = text.length;
    throw this.#unexpected('');
  }

  /** One with escapes, from the first of them on. */
  #slowString(start: number, from: number): string {
    const parts: string[] = [this.#text.slice(start, from)];
    this.#at = from;
    for (;;) {
      const unit = this.#text[this.#at];
      if (unit === undefined || unit < ' ') throw this.#unexpected('in string literal');
      if (unit === '"') {
        this.#at += 1;
        return parts.join('').toWellFormed();
      }
      if (unit === '\\') {
        parts.push(this.#escape());
        continue;
      }
      const end = this.#endOfPlain();
      parts.push(this.#text.slice(this.#at, end));
      this.#at = end;
    }
  }

  #endOfPlain(): number {
    let at = this.#at;
    while (at < this.#text.length) {
      const unit = this.#text.charCodeAt(at);
      if (unit === QUOTE || unit === BACKSLASH || unit < 0x20) break;
      at += 1;
    }
    return at;
  }

  #escape(): string {
    this.#at += 1;
    const letter = this.#text[this.#at] ?? '';
    const plain = ESCAPES[letter];
    if (plain !== undefined) {
      this.#at += 1;
      return plain;
    }
    if (letter !== 'u') throw this.#unexpected('in string escape code');
    this.#at += 1;
    const start = this.#at;
    while (this.#at < start + 4) {
      if (!/[\da-fA-F]/.test(this.#text[this.#at] ?? '')) {
        throw this.#unexpected('in \\u hexadecimal character escape');
      }
      this.#at += 1;
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }

  #word<Value>(word: string, value: Value): Value {
    for (const letter of word) {
      if (this.#text[this.#at] !== letter) {
        throw this.#unexpected(`in literal ${word} (expecting '${letter}')`);
      }
      this.#at += 1;
    }
    return value;
  }

  #number(): number {
    const start = this.#at;
    if (this.#text[this.#at] === '-') this.#at += 1;
    if (this.#text[this.#at] === '0') this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at += 1;
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
    const written = this.#text.slice(start, this.#at);
    const value = Number(written);
    if (Number.isFinite(value)) return value;
    throw new TextError(
      `json: cannot unmarshal number ${written.slice(0, 40)} into Go value of type float64`,
    );
  }

  #digits(where: string): void {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1;
    if (this.#at === start) throw this.#unexpected(where);
  }

  #skipBlanks(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at += 1;
    }
  }

  #unexpected(where: string): TextError {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) return new TextError('unexpected end of JSON input');
    return new TextError(`invalid character ${quoteFirstByte(point)} ${where}`);
  }
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** Go looks at bytes, and prints one as a character. */
function quoteFirstByte(point: number): string {
  if (point === 0x27) return `'\\''`;
  if (point === 0x22) return `'"'`;
  const byte = Buffer.from(String.fromCodePoint(point))[0] ?? 0;
  const char = String.fromCharCode(byte);
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}

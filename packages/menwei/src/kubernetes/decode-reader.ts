/** Reading JSON that nobody has checked: what all object decoders share. */
import { isDnsLabel, LABEL_RULE } from './decode-names.ts';
import { intern, show } from './decode-text.ts';
import type { ObjectRef, Problem, Protocol } from './objects.ts';

/** An object as far as it could be read, and everything that is wrong with it. */
export interface Decoded<T> {
  /** Undefined when the object has to be skipped, or is none the proxy looks at (then there are no problems). */
  readonly object: T | undefined;
  readonly problems: readonly Problem[];
}

/** A JSON object that should be a `T`: any field may be missing or hold anything. */
export type Unchecked<T> = { readonly [Field in keyof T]?: unknown };

export function isFields<T>(value: unknown): value is Unchecked<T> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Absent and null are the same thing in Kubernetes' JSON. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/**
 * Reads the fields of one object and collects its problems. A rejected field means that the object as a whole can't
 * be used; an ignored one costs just that entry. Readers of a rejected field return something harmless, so that one
 * pass finds every problem.
 */
export class ObjectReader {
  readonly ref: ObjectRef;
  readonly #first: Problem[] = [];
  #more = 0;
  #rejected = false;

  constructor(ref: ObjectRef) {
    this.ref = ref;
  }

  /** The first ones, and how many more: thousands of endpoints may have the same fault. */
  get problems(): readonly Problem[] {
    if (this.#more === 0) return this.#first;
    return [...this.#first, { object: this.ref, field: '', message: `and ${this.#more} more problems` }];
  }

  reject(field: string, message: string): void {
    // Why there is no object at all must not drown in what is wrong with its parts.
    const isShown = this.#first.length < MOST_PROBLEMS || !this.#rejected;
    this.#rejected = true;
    if (isShown) this.#first.push({ object: this.ref, field, message });
    else this.#more++;
  }

  ignore(field: string, message: string): void {
    this.note(field, `${message}; ignored`);
  }

  /** A problem that says itself what becomes of the object. */
  note(field: string, message: string): void {
    if (this.#first.length < MOST_PROBLEMS) this.#first.push({ object: this.ref, field, message });
    else this.#more++;
  }

  /** `build` is called only when nothing was rejected. */
  finish<T>(build: () => T): Decoded<T> {
    return { object: this.#rejected ? undefined : build(), problems: this.problems };
  }

  fields<T>(field: string, value: unknown): Unchecked<T> {
    if (isAbsent(value)) return {};
    if (isFields<T>(value)) return value;
    this.reject(field, `${show(value)} is not an object`);
    return {};
  }

  /** Every field of `value` must be one of `known`: one that is misspelt might have been meant to restrict something. */
  onlyFields(field: string, value: object, known: readonly string[]): void {
    for (const name of Object.keys(value)) {
      if (known.includes(name)) continue;
      this.reject(field === '' ? show(name) : `${field}.${show(name)}`, 'is not a field that is known');
    }
  }

  /** `byDefault` when absent; anything but true and false rejects the object. */
  flag(field: string, value: unknown, byDefault = false): boolean {
    if (isAbsent(value)) return byDefault;
    if (typeof value !== 'boolean') this.reject(field, `${show(value)} is neither true nor false`);
    return value === true;
  }

  /** The strings of a list. Any other entry rejects the object: what is left of the list might mean more than all of it. */
  texts(field: string, value: unknown): readonly string[] {
    return this.list(field, value).flatMap((entry, index) => {
      if (typeof entry === 'string') return [entry];
      this.reject(`${field}[${index}]`, `${show(entry)} is not a string`);
      return [];
    });
  }

  list(field: string, value: unknown): readonly unknown[] {
    if (isAbsent(value)) return [];
    if (Array.isArray(value)) return value;
    this.reject(field, `${show(value)} is not a list`);
    return [];
  }

  /** The strings of a list; other entries are ignored. `use` gets the path of the entry for its own problems. */
  eachText(field: string, value: unknown, use: (text: string, entryField: string) => void): void {
    this.list(field, value).forEach((entry, index) => {
      const entryField = `${field}[${index}]`;
      if (typeof entry === 'string') use(entry, entryField);
      else this.ignore(entryField, `${show(entry)} is not a string`);
    });
  }

  /** Empty when absent. */
  text(field: string, value: unknown): string {
    if (isAbsent(value)) return '';
    if (typeof value === 'string') return value;
    this.reject(field, `${show(value)} is not a string`);
    return '';
  }

  /** A whole number between the bounds. */
  integer(field: string, value: unknown, min: number, max: number): number {
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      this.reject(field, isAbsent(value) ? 'missing' : `${show(value)} is not a whole number`);
      return min;
    }
    if (value < min || value > max) {
      this.reject(field, `${value} is outside ${min}-${max}`);
      return min;
    }
    return value;
  }

  /** 1-65535, or 0 when absent or 0. */
  optionalPort(field: string, value: unknown): number {
    return isAbsent(value) || value === 0 ? 0 : this.integer(field, value, 1, MAX_PORT);
  }

  /** One of the choices; the first of them when absent or empty. */
  choice<const Choice extends string>(
    field: string,
    value: unknown,
    choices: readonly [Choice, ...Choice[]],
  ): Choice {
    if (isAbsent(value) || value === '') return choices[0];
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) this.reject(field, `${show(value)} is none of ${choices.join(', ')}`);
    return choice ?? choices[0];
  }

  /** The API server fills in TCP where the author says nothing. */
  protocol(field: string, value: unknown): Protocol {
    return this.choice(field, value, ['TCP', 'UDP', 'SCTP']);
  }

  /** Empty when absent. Port names are DNS labels, which keeps them harmless in rule comments and set elements. */
  portName(field: string, value: unknown): string {
    const name = this.text(field, value);
    if (name === '' || isDnsLabel(name)) return intern(name);
    this.reject(field, `${show(name)} is not a port name (${LABEL_RULE})`);
    return '';
  }
}

export const MAX_PORT = 65_535;
/** Of one object. */
const MOST_PROBLEMS = 5;

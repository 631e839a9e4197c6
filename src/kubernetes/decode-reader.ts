/** Reading JSON that nobody has checked: what all object decoders share. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
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
  readonly problems: Problem[] = [];
  private rejected = false;

  constructor(ref: ObjectRef) {
    this.ref = ref;
  }

  reject(field: string, message: string): void {
    this.rejected = true;
    this.problems.push({ object: this.ref, field, message });
  }

  ignore(field: string, message: string): void {
    this.problems.push({ object: this.ref, field, message: `${message}; ignored` });
  }

  /** `build` is called only when nothing was rejected. */
  finish<T>(build: () => T): Decoded<T> {
    return { object: this.rejected ? undefined : build(), problems: this.problems };
  }

  fields<T>(field: string, value: unknown): Unchecked<T> {
    if (isAbsent(value)) return {};
    if (isFields<T>(value)) return value;
    this.reject(field, `${show(value)} is not an object`);
    return {};
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

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_RULE = 'lower-case letters, digits and "-", at most 63';
const SUBDOMAIN_RULE = 'lower-case letters, digits, "-" and ".", at most 253';

/** DNS label of RFC 1123: names of Services, namespaces and ports. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** DNS subdomain of RFC 1123: names of EndpointSlices and Nodes. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

/** An object whose identity has been read. */
export interface OpenObject<T> {
  readonly reader: ObjectReader;
  readonly raw: Unchecked<T>;
  readonly metadata: Unchecked<V1ObjectMeta>;
}

/** Reads the identity of an object; the names in the reference are checked, or shown in a harmless form. */
export function openObject<T extends { metadata?: V1ObjectMeta }>(
  kind: ObjectRef['kind'],
  value: unknown,
): OpenObject<T> {
  const raw: Unchecked<T> = isFields<T>(value) ? value : {};
  const metadata = isFields<V1ObjectMeta>(raw.metadata) ? raw.metadata : {};
  const { name, namespace } = metadata;
  const namespaced = kind !== 'Node';
  const nameIsValid =
    typeof name === 'string' && (kind === 'Service' ? isDnsLabel(name) : isDnsSubdomain(name));
  const namespaceIsValid = !namespaced || (typeof namespace === 'string' && isDnsLabel(namespace));
  const reader = new ObjectReader({
    kind,
    namespace:
      !namespaced || typeof namespace !== 'string'
        ? ''
        : namespaceIsValid
          ? intern(namespace)
          : show(namespace),
    name: nameIsValid ? name : isAbsent(name) ? '(no name)' : show(name),
  });
  if (!isFields(value)) reader.reject('', `${show(value)} is not an object`);
  if (!nameIsValid) {
    const rule = kind === 'Service' ? LABEL_RULE : SUBDOMAIN_RULE;
    reader.reject('metadata.name', isAbsent(name) ? 'missing' : `${show(name)} is not a name (${rule})`);
  }
  if (!namespaceIsValid) {
    const message = isAbsent(namespace) ? 'missing' : `${show(namespace)} is not a namespace (${LABEL_RULE})`;
    reader.reject('metadata.namespace', message);
  }
  return { reader, raw, metadata };
}

/** Value of a label or annotation; empty when absent or not a string. */
export function tagOf(tags: unknown, key: string): string {
  const value = isFields<Record<string, string>>(tags) ? tags[key] : undefined;
  return typeof value === 'string' ? value : '';
}

/** Whether a label or annotation exists, whatever its value. */
export function hasTag(tags: unknown, key: string): boolean {
  return isFields<Record<string, string>>(tags) && Object.hasOwn(tags, key);
}

/** Milliseconds since the epoch of an RFC 3339 time; 0 when absent or unreadable. */
export function readTimeMs(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? 0 : ms;
}

const SHOWN_LENGTH = 80;
const PLAIN = /^[\w.:/-]{1,80}$/;

/** A value of unknown origin for a one-line message: short, and without anything a terminal or log would obey. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    if (PLAIN.test(value)) return value;
    const cut = value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value;
    return printable(JSON.stringify(cut));
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : String(value);
}

/** Text of unknown origin with everything escaped that is not plain ASCII (or the mark of a cut). */
export function printable(text: string): string {
  return text.replace(/[^ -~…]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const MOST_INTERNED = 50_000;
const interned = new Map<string, string>();

/**
 * One copy of a string that many objects repeat (node, zone and port names): JSON.parse makes a new one each time,
 * which costs megabytes at 250,000 endpoints. Bounded, as names come and go for months in a daemon.
 */
export function intern(text: string): string {
  const known = interned.get(text);
  if (known !== undefined) return known;
  if (interned.size >= MOST_INTERNED) interned.clear();
  interned.set(text, text);
  return text;
}

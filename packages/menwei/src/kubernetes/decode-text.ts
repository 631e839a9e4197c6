/** Strings of unknown origin: fit to be shown, and kept once. */

const SHOWN_LENGTH = 80;
const PLAIN = /^[\w.:/-]{1,80}$/;

/** A value of unknown origin for a one-line message: short, and without anything a terminal or log would obey. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    if (PLAIN.test(value)) return value;
    return quote(value);
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : String(value);
}

/** Like {@link show} a text, and always in quotes. */
export function quote(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return printable(JSON.stringify(cut));
}

/** Text of unknown origin with everything escaped that is not plain ASCII (or the mark of a cut). */
function printable(text: string): string {
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

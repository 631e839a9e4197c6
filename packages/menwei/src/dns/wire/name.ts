/** Names between text and bytes (RFC 1035 § 3.1): the text is that of `Question.name`. */

export const MAX_NAME_BYTES = 255;
export const MAX_LABEL_BYTES = 63;
/** Where a label has its length, a pointer to another place has its upper two bits set. */
export const POINTER_BITS = 0xc0;

/** The name in full; undefined if a label or the name is too long, or a label is empty. */
export function encodeName(name: string): Uint8Array | undefined {
  const labels = name === '' ? [] : splitName(name);
  const parts = labels.map((label) => Buffer.from(label.replaceAll(/\\(.)/gs, '$1'), 'latin1'));
  const size = parts.reduce((sum, { length }) => sum + 1 + length, 1);
  if (size > MAX_NAME_BYTES || parts.some(({ length }) => length === 0 || length > MAX_LABEL_BYTES)) {
    return undefined;
  }
  return Uint8Array.from([...parts.flatMap((part) => [part.length, ...part]), 0]);
}

/** The labels, still with their backslashes. */
function splitName(name: string): readonly string[] {
  if (!name.includes('\\')) return name.split('.');
  return name.match(/(?:\\.|[^\\.])+|(?<=^|\.)(?=\.|$)/gs) ?? [];
}

/** Whether a name is a domain's own or lies in it; both as text. The root has all names. */
export function isWithin(name: string, domain: string): boolean {
  if (domain === '' || name === domain) return true;
  if (!name.endsWith(`.${domain}`)) return false;
  let backslashes = 0;
  for (let at = name.length - domain.length - 2; name[at] === '\\'; at -= 1) backslashes += 1;
  // A dot with a backslash before it is in a label; two are a backslash at the label's end.
  return backslashes % 2 === 0;
}

/** Where a name ends that stands in a message, pointers not followed; undefined if it is cut off or malformed. */
export function skipName(bytes: Uint8Array, start: number): number | undefined {
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return at + 1;
    if (length >= POINTER_BITS) return at + 2 <= bytes.length ? at + 2 : undefined;
    if (length > MAX_LABEL_BYTES) return undefined;
    at += 1 + length;
  }
}

/** The bytes of a name that stands in a message, with all its pointers followed; undefined if it is malformed or endless. */
export function expandName(message: Uint8Array, start: number): Uint8Array | undefined {
  const name = new Uint8Array(MAX_NAME_BYTES);
  let size = 0;
  let at = start;
  // A pointer leads backwards, so it is never met again.
  let before = start;
  for (;;) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length >= POINTER_BITS) {
      at = ((length & ~POINTER_BITS) << 8) | (message[at + 1] ?? 0xff);
      if (at >= before) return undefined;
      before = at;
      continue;
    }
    const end = at + 1 + length;
    if (length > MAX_LABEL_BYTES || size + 1 + length > MAX_NAME_BYTES || end > message.length)
      return undefined;
    name.set(message.subarray(at, end), size);
    size += 1 + length;
    if (length === 0) return name.slice(0, size);
    at = end;
  }
}

/** Of ASCII, as names are compared (RFC 4343). */
export function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

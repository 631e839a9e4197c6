/** Texts in bytes, of which a dump has hundreds of thousands: most are short and ASCII. */
const DECODER = new TextDecoder();
const SHORT = Buffer.alloc(256);

/** UTF-8 from `from` to the first zero byte before `to`. */
export function readText(bytes: Uint8Array, from: number, to: number): string {
  let end = from;
  let isPlain = to - from <= SHORT.length;
  for (; end < to; end++) {
    const byte = bytes[end] ?? 0;
    if (byte === 0) break;
    if (byte >= 0x80) isPlain = false;
    SHORT[end - from] = byte;
  }
  return isPlain ? SHORT.toString('latin1', 0, end - from) : DECODER.decode(bytes.subarray(from, end));
}

/** Gives one and the same string for the same bytes, again and again, mostly without making another one first. */
export class SharedTexts {
  readonly #known = new Map<number, string>();

  /** Like {@link readText}. */
  read(bytes: Uint8Array, from: number, to: number): string {
    if (from === to) return '';
    // FNV-1a. Of texts with the same number all but the first are made anew each time.
    let hash = 0x811c9dc5;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
    const known = this.#known.get(hash);
    if (known !== undefined && isText(known, bytes, from, to)) return known;
    const text = readText(bytes, from, to);
    if (known === undefined) this.#known.set(hash, text);
    return text;
  }
}

/** Whether these are the bytes of the text; false, too, where it is no ASCII. */
function isText(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  // Mostly a zero byte ends it.
  const end = bytes[to - 1] === 0 ? to - 1 : to;
  if (text.length !== end - from) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0x80 || code !== bytes[from + index]) return false;
  }
  return true;
}

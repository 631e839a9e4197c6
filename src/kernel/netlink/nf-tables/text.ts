/** Texts in bytes, of which a dump has hundreds of thousands: most are short and ASCII. */
const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();
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

/** Writes the text as UTF-8; `size` is its length then. */
export function writeText(text: string, size: number, bytes: Uint8Array, at: number): void {
  if (size === text.length) {
    for (let index = 0; index < size; index++) bytes[at + index] = text.charCodeAt(index);
  } else {
    ENCODER.encodeInto(text, bytes.subarray(at, at + size));
  }
}

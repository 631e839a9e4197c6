/** The text of a file in any of the encodings that YAML allows. */

const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/**
 * By its byte order mark, or else as UTF-8.
 * @throws Error in a few words when the bytes are no text
 */
export function decodeText(bytes: Uint8Array): string {
  const [encoding] = MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte)) ?? ['utf-8'];
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`is not valid ${encoding.toUpperCase()}`, { cause });
  }
}

/**
 * The same of a file that is read piece by piece. One that grows for ever, or a device, must not take the memory of the machine.
 * @param pieces bytes, as a stream has them
 * @throws Error in a few words also when there are more than `mostBytes`
 */
export async function decodePieces(pieces: AsyncIterable<unknown>, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    if (!(piece instanceof Uint8Array)) throw new Error('BUG: a file without an encoding was read as text');
    bytes += piece.length;
    if (bytes > mostBytes) throw tooLarge(mostBytes);
    chunks.push(piece);
  }
  return decodeText(Buffer.concat(chunks));
}

/** Of a file with more bytes than are read. */
export function tooLarge(mostBytes: number): Error {
  return new Error(`is larger than ${mostBytes / 2 ** 20} MiB`);
}

/** Writes an answer piece by piece, no faster than the client reads. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { EventLoopTurn } from '../scheduling/event-loop.ts';

/** Rows of a few hundred bytes: a piece takes about a millisecond. */
const ROWS_A_PIECE = 500;

/** Sends rows many at a time, and leaves the event loop its turns. Resolves when all are written, or the client has gone. */
export async function writeRows(response: ServerResponse, rows: Iterable<string>): Promise<void> {
  const turn = new EventLoopTurn();
  let piece = '';
  let count = 0;
  for (const row of rows) {
    piece += row;
    if (++count % ROWS_A_PIECE !== 0) continue;
    await writePiece(response, piece);
    if (response.closed) return;
    piece = '';
    await turn.next();
  }
  if (piece !== '') await writePiece(response, piece);
}

/**
 * Sends parts that are at hand, gathered to pieces, and leaves the event loop its turns. Resolves when all are written, or the
 * client has gone.
 */
export async function writeParts(to: Writable, parts: Iterable<Uint8Array>): Promise<void> {
  const turn = new EventLoopTurn();
  const writer = new PieceWriter(to);
  for (const part of parts) {
    writer.add(part);
    if (writer.bytes < PIECE_BYTES && !turn.isOver) continue;
    await writer.write();
    if (to.destroyed) return;
    await turn.rest();
  }
  await writer.write();
}

const PIECE_BYTES = 256 * 1024;

/** One buffer does for all pieces: a new one for each makes the garbage collector look at the whole heap every 64 MB. */
class PieceWriter {
  readonly #to: Writable;
  #gathered: Uint8Array[] = [];
  #bytes = 0;
  /** Nobody reads it any more. */
  #free = Buffer.alloc(0);

  constructor(to: Writable) {
    this.#to = to;
  }

  /** Gathered, and not written. */
  get bytes(): number {
    return this.#bytes;
  }

  add(part: Uint8Array): void {
    this.#gathered.push(part);
    this.#bytes += part.length;
  }

  async write(): Promise<void> {
    const size = this.#bytes;
    if (size === 0) return;
    const buffer = size <= this.#free.length ? this.#free : Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (const part of this.#gathered) {
      buffer.set(part, at);
      at += part.length;
    }
    this.#gathered = [];
    this.#bytes = 0;
    const isRead = await writePiece(this.#to, buffer.subarray(0, size));
    this.#free = isRead ? buffer : Buffer.alloc(0);
  }
}

/**
 * Resolves when the next piece may come, or the client has gone.
 *
 * @returns whether nobody reads the bytes of this one any more
 */
export async function writePiece(response: Writable, piece: string | Uint8Array): Promise<boolean> {
  // What is written to a connection that is gone is never drained, and it closes only once.
  if (response.destroyed || response.write(piece)) return false;
  // Whichever comes second must not be waited for any longer.
  const over = new AbortController();
  try {
    const { signal } = over;
    const drained = once(response, 'drain', { signal }).then(() => true);
    const closed = once(response, 'close', { signal }).then(() => false);
    return await Promise.race([drained, closed]);
  } finally {
    over.abort();
  }
}

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

/** Resolves when the next piece may come, or the client has gone. */
export async function writePiece(response: Writable, piece: string | Uint8Array): Promise<void> {
  // What is written to a connection that is gone is never drained, and it closes only once.
  if (response.destroyed || response.write(piece)) return;
  // Whichever comes second must not be waited for any longer.
  const over = new AbortController();
  try {
    const { signal } = over;
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    over.abort();
  }
}

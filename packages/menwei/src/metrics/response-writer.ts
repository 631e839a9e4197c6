/** Writes an answer piece by piece, no faster than the client reads. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Resolves when the next piece may come, or the client has gone. */
export async function writePiece(response: ServerResponse, piece: string): Promise<void> {
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

/** Rows as the body of an answer that goes on: a line of JSON for each that there is, and then for each that changes. */
import type { ServerResponse } from 'node:http';
import { EventLoopTurn } from '../scheduling/event-loop.ts';
import { pause } from '../scheduling/pause.ts';
import { writePiece } from './response-writer.ts';

/** Changes that come so shortly after each other are sent together. */
const GATHER_MS = 100;
/** Rows of a few hundred bytes: a piece takes about a millisecond. */
const ROWS_A_PIECE = 500;

/** The line after all that there was at the beginning. */
const LISTED = `${JSON.stringify({ listed: true })}\n`;

/** Rows with a cursor: what is not taken costs no more memory than there are rows. */
export interface RowChanges {
  /** What differs since the last time; the first time: every row. */
  take(): Iterable<unknown>;
  /** Waits until there is something to take, or the signal fires. */
  changed(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Resolves when the client has gone, or the server is closed. */
export async function sendRowChanges(response: ServerResponse, changes: RowChanges): Promise<void> {
  const gone = new AbortController();
  if (response.closed) gone.abort();
  response.once('close', () => gone.abort());
  try {
    await sendRows(response, changes.take(), gone.signal);
    await writePiece(response, LISTED);
    while (!gone.signal.aborted) {
      await changes.changed(gone.signal);
      await pause(GATHER_MS, gone.signal);
      await sendRows(response, changes.take(), gone.signal);
    }
  } finally {
    changes.close();
  }
}

async function sendRows(response: ServerResponse, rows: Iterable<unknown>, gone: AbortSignal): Promise<void> {
  const turn = new EventLoopTurn();
  let piece = '';
  let count = 0;
  for (const row of rows) {
    piece += `${JSON.stringify(row)}\n`;
    if (++count % ROWS_A_PIECE !== 0) continue;
    await writePiece(response, piece);
    if (gone.aborted) return;
    piece = '';
    await turn.next();
  }
  if (piece !== '') await writePiece(response, piece);
}

/** Rows as the body of an answer that goes on: a line of JSON for each that there is, and then for each that changes. */
import type { ServerResponse } from 'node:http';
import { writePiece, writeRows } from '../http/response-writer.ts';
import { pause } from '../scheduling/pause.ts';

/** Changes that come so shortly after each other are sent together. */
const GATHER_MS = 100;

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
    await writeRows(response, formatLines(changes.take()));
    await writePiece(response, LISTED);
    while (!gone.signal.aborted) {
      await changes.changed(gone.signal);
      await pause(GATHER_MS, gone.signal);
      await writeRows(response, formatLines(changes.take()));
    }
  } finally {
    changes.close();
  }
}

function* formatLines(rows: Iterable<unknown>): Iterable<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

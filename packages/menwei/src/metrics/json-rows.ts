/** A long list as the JSON body of an answer, a row a line: sent in pieces, so that the event loop has its turns. */
import type { ServerResponse } from 'node:http';
import { EventLoopTurn } from '../scheduling/event-loop.ts';
import { writePiece } from './response-writer.ts';

/** Rows of a few hundred bytes: a piece takes about a millisecond. */
const ROWS_A_PIECE = 500;

/** Resolves when all was handed to the connection, or the connection is gone. */
export async function sendJsonRows(response: ServerResponse, rows: Iterable<unknown>): Promise<void> {
  let piece = '[';
  let separator = '\n';
  let count = 0;
  const turn = new EventLoopTurn();
  for (const row of rows) {
    piece += `${separator}${JSON.stringify(row)}`;
    separator = ',\n';
    if (++count % ROWS_A_PIECE !== 0) continue;
    await writePiece(response, piece);
    if (response.closed) return;
    piece = '';
    await turn.next();
  }
  response.end(`${piece}${count === 0 ? '' : '\n'}]\n`);
}

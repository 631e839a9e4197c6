/** A long list as the JSON body of an answer, a row a line. */
import type { ServerResponse } from 'node:http';
import { writeRows } from '../http/response-writer.ts';

/** Resolves when all was handed to the connection, or the connection is gone. */
export async function sendJsonRows(response: ServerResponse, rows: Iterable<unknown>): Promise<void> {
  await writeRows(response, formatArray(rows));
  response.end();
}

function* formatArray(rows: Iterable<unknown>): Iterable<string> {
  yield '[';
  let separator = '\n';
  for (const row of rows) {
    yield `${separator}${JSON.stringify(row)}`;
    separator = ',\n';
  }
  yield separator === '\n' ? ']\n' : '\n]\n';
}

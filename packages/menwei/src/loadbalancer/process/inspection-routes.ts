/** `/explain` and `/pools` of the controller: what people ask, in words, or as JSON with `?output=json`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, PLAIN_TEXT } from '../../http/answer.ts';
import { escapeControls } from '../../log/escape-controls.ts';
import type { KnownCluster } from '../explain/known-cluster.ts';
import { type InspectionFormat, printExplanation, printPools } from './inspection.ts';
import type { Leadership } from './status-document.ts';

/**
 * With `?service=namespace/name` of that one.
 *
 * @param known undefined: not everything has been read yet
 * @param note follows what people read; empty: nothing
 */
export function answerExplain(
  request: IncomingMessage,
  response: ServerResponse,
  known: KnownCluster | undefined,
  note: string,
): void {
  const query = queryOf(request);
  const service = query.get('service') ?? undefined;
  const format = formatOf(query);
  const text = known && printExplanation(known, service, format);
  if (known !== undefined && text === undefined) {
    answer(response, 404, PLAIN_TEXT, `there is no Service ${escapeControls(service ?? '')}\n`);
  } else send(response, text, format, note);
}

export function answerPools(
  request: IncomingMessage,
  response: ServerResponse,
  known: KnownCluster | undefined,
  note: string,
): void {
  const format = formatOf(queryOf(request));
  send(response, known && printPools(known, format), format, note);
}

/** Of several controllers each answers, and those that do not lead say so. */
export function standbyNote({ isLeading, leader }: Pick<Leadership, 'isLeading' | 'leader'>): string {
  if (isLeading) return '';
  const who = leader === '' ? 'nobody is known to lead' : `${escapeControls(leader)} leads`;
  return `(This controller stands by, and says what it would decide now: ${who}.)\n`;
}

function send(
  response: ServerResponse,
  text: string | undefined,
  format: InspectionFormat,
  note: string,
): void {
  if (text === undefined) answer(response, 503, PLAIN_TEXT, 'not everything has been read yet\n');
  else if (format === 'json') answer(response, 200, 'application/json', text);
  else answer(response, 200, PLAIN_TEXT, `${text}${note}`);
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const [, query = ''] = url.split('?', 2);
  return new URLSearchParams(query);
}

function formatOf(query: URLSearchParams): InspectionFormat {
  return query.get('output') === 'json' ? 'json' : 'text';
}

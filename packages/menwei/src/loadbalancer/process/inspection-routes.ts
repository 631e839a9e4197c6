/** `/explain` and `/pools` of the controller: what people ask, in words, or as JSON with `?output=json`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, PLAIN_TEXT } from '../../http/answer.ts';
import { escapeControls } from '../../log/escape-controls.ts';
import type { KnownCluster } from '../explain/known-cluster.ts';
import { type InspectionFormat, printExplanation, printPools } from './inspection.ts';

/** With `?service=namespace/name` of that one. @param leader empty: nobody is known to lead */
export function answerExplain(
  request: IncomingMessage,
  response: ServerResponse,
  known: KnownCluster | undefined,
  leader: string,
): void {
  const query = queryOf(request);
  const service = query.get('service') ?? undefined;
  const format = formatOf(query);
  if (known === undefined) standBy(response, leader);
  else {
    const text = printExplanation(known, service, format);
    if (text === undefined)
      answer(response, 404, PLAIN_TEXT, `there is no Service ${escapeControls(service ?? '')}\n`);
    else answer(response, 200, typeOf(format), text);
  }
}

export function answerPools(
  request: IncomingMessage,
  response: ServerResponse,
  known: KnownCluster | undefined,
  leader: string,
): void {
  const format = formatOf(queryOf(request));
  if (known === undefined) standBy(response, leader);
  else answer(response, 200, typeOf(format), printPools(known, format));
}

function standBy(response: ServerResponse, leader: string): void {
  const who = leader === '' ? 'nobody is known to lead' : `${leader} leads`;
  answer(response, 503, PLAIN_TEXT, `this controller stands by, and has decided nothing: ${who}\n`);
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const [, query = ''] = url.split('?', 2);
  return new URLSearchParams(query);
}

function formatOf(query: URLSearchParams): InspectionFormat {
  return query.get('output') === 'json' ? 'json' : 'text';
}

function typeOf(format: InspectionFormat): string {
  return format === 'json' ? 'application/json' : PLAIN_TEXT;
}

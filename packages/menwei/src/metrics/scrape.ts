/** Answers a scrape, no faster than the client reads, and no longer than it does. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, PLAIN_TEXT, writeHead } from '../http/answer.ts';
import { writeRows } from '../http/response-writer.ts';
import type { Logger } from '../log/logger.ts';
import { chooseExposition } from './exposition.ts';
import type { Registry } from './registry.ts';

/** With all metrics of the registry, in the format that the client prefers; with 500 if they can't be collected. */
export function answerScrape(
  request: IncomingMessage,
  response: ServerResponse,
  registry: Registry,
  logger: Logger,
): void {
  const exposition = chooseExposition(request.headers.accept);
  registry
    .expose(exposition)
    .then(async (pieces) => {
      writeHead(response, 200, exposition.contentType);
      await writeRows(response, pieces);
      response.end();
    })
    .catch((error: unknown) => {
      logger.error({ err: error }, "metrics can't be collected");
      // Half of the metrics must not look like all of them.
      if (response.headersSent) response.destroy();
      else answer(response, 500, PLAIN_TEXT, "metrics can't be collected\n");
    });
}

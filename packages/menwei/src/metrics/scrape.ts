/** Answers a scrape, no faster than the client reads, and no longer than it does. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeHead } from '../health/http-listener.ts';
import type { Logger } from '../log/logger.ts';
import { chooseExposition } from './exposition.ts';
import type { Registry } from './registry.ts';
import { writeRows } from './response-writer.ts';

/** From a client that does not read for so long, nothing more is expected. */
const SILENCE_MS = 30_000;

/** With all metrics of the registry, in the format that the client prefers; with 500 if they can't be collected. */
export function answerScrape(
  request: IncomingMessage,
  response: ServerResponse,
  registry: Registry,
  logger: Logger,
): void {
  response.setTimeout(SILENCE_MS, () => response.destroy());
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
      else response.writeHead(500).end("metrics can't be collected\n");
    });
}

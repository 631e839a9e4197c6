/** Scrapes over real connections: long ones, many at a time, and clients that do not read. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../http/http-listener.ts';
import { closeHttpServer } from '../http/http-server.ts';
import { type Logger, silentLogger } from '../log/logger.ts';
import { gauge } from './definition.ts';
import { Registry } from './registry.ts';
import { answerScrape } from './scrape.ts';

const SAMPLES = 100_000;
/** The kernel holds a few megabytes for a client that does not read; all samples are more than that. */
const PADDING = 'x'.repeat(200);

let server: Server;
let port: number;
/** How many samples each scrape has asked for. */
let made: number[];
let failure: Error | undefined;
let errors: unknown[];

function* samples() {
  const scrape = made.push(0) - 1;
  for (let index = 0; index < SAMPLES; index++) {
    made[scrape] = index + 1;
    if (index === SAMPLES / 2 && failure !== undefined) throw failure;
    yield { labels: { index: `${index}${PADDING}` }, value: index };
  }
}

beforeEach(async () => {
  [made, failure, errors] = [[], undefined, []];
  const registry = new Registry('nftables');
  registry.collected(gauge('many', { labels: ['index'], help: 'Many.' }), samples);
  const logger: Logger = { ...silentLogger, error: (fields) => errors.push(fields) };
  server = createServer((request, response) => answerScrape(request, response, registry, logger));
  ({ port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
    expect.unreachable(cause.message),
  ));
});
afterEach(() => closeHttpServer(server));

async function scrape(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  return text.split('\n').filter((line) => line.startsWith('many{')).length;
}

describe('a scrape', () => {
  it('is whole, however many there are at a time', async () => {
    expect(await Promise.all([scrape(), scrape(), scrape()])).toEqual([SAMPLES, SAMPLES, SAMPLES]);
  });

  it('makes no more than the client reads, and is over when that has gone', async () => {
    const client = connect(port, '127.0.0.1');
    client.pause();
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => made[0] ?? 0).toBeGreaterThan(0);
    expect(await scrape()).toBe(SAMPLES);
    expect(made[0]).toBeLessThan(SAMPLES);
    client.destroy();
    await once(client, 'close');
    expect(await scrape()).toBe(SAMPLES);
    expect(made[0]).toBeLessThan(SAMPLES);
  });

  it('that can’t be completed does not look whole', async () => {
    failure = new Error('no more');
    await expect(scrape()).rejects.toThrow();
    expect(errors).toEqual([{ err: failure }]);
  });
});

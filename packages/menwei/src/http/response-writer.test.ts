import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { expect, it } from 'vitest';
import { listen } from './http-listener.ts';
import { closeHttpServer } from './http-server.ts';
import { writeParts, writePiece } from './response-writer.ts';

const PIECE = 'x'.repeat(100_000);

it('waits for the client, and leaves nothing behind on the connection', async () => {
  const listeners: number[] = [];
  const server = createServer(async (_request, response) => {
    for (let count = 0; count < 30; count++) {
      await writePiece(response, PIECE);
      listeners.push(response.listenerCount('close') + response.listenerCount('error'));
    }
    response.end();
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
    expect.unreachable(cause.message),
  );
  const text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(text).toHaveLength(30 * PIECE.length);
  expect(new Set(listeners).size).toBe(1);
  await closeHttpServer(server);
});

it('does not wait for a client that has gone', async () => {
  const gone = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const server = createServer(async (_request, response) => {
    await writePiece(response, 'x');
    response.once('close', gone.resolve);
    await gone.promise;
    await writePiece(response, 'y');
    written.resolve();
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
    expect.unreachable(cause.message),
  );
  const response = await fetch(`http://127.0.0.1:${port}/`);
  await response.body?.cancel();
  await written.promise;
  await closeHttpServer(server);
});

it.each(['plain', 'gzip'])(
  'sends parts of any size as they are, however slow the client is: %s',
  async (form) => {
    const parts = Array.from({ length: 1_000 }, (_, index) =>
      Buffer.alloc((index * 7_919) % 30_000, `${index},`),
    );
    const server = createServer(async (_request, response) => {
      if (form === 'plain') {
        await writeParts(response, parts);
        response.end();
        return;
      }
      response.setHeader('Content-Encoding', 'gzip');
      const gzip = createGzip();
      gzip.pipe(response);
      await writeParts(gzip, parts);
      gzip.end();
    });
    const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
      expect.unreachable(cause.message),
    );
    const response = await fetch(`http://127.0.0.1:${port}/`);
    const received = createHash('sha256');
    let count = 0;
    for await (const chunk of response.body ?? []) {
      received.update(chunk);
      if (count++ % 20 === 0) await sleep(1);
    }
    const sent = createHash('sha256').update(Buffer.concat(parts));
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    await closeHttpServer(server);
  },
);

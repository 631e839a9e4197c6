import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { readBody } from './body.ts';

it('a body that never ends is waited for no longer than its connection lasts, answered or not', async () => {
  const readings: Promise<unknown>[] = [];
  const server = createServer((request, response) => {
    readings.push(readBody(request).catch((error: Error) => error));
    if (request.url === '/answered') response.end('too late');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const path of ['/answered', '/waiting']) {
    const socket = connect(port, '127.0.0.1').resume();
    socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{`);
    await once(server, 'request');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
  }
  expect(await Promise.all(readings)).toEqual([expect.any(Error), expect.any(Error)]);
  server.close();
});

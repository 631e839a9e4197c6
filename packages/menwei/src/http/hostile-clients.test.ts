/** What clients may do to a server without hurting anybody else. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answer, requestPath } from './answer.ts';
import { listen } from './http-listener.ts';
import { closeHttpServer, createHttpServer } from './http-server.ts';
import { OpenConnections } from './open-connections.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(connections?: OpenConnections): Promise<number> {
  const server = createHttpServer(
    (request, response) => answer(response, 200, 'text/plain', requestPath(request.url)),
    connections === undefined ? {} : { connections },
  );
  cleanups.push(() => closeHttpServer(server));
  return (await listen(server, { host: '127.0.0.1', port: 0 }, (cause) => expect.unreachable(cause.message)))
    .port;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const closed = (socket: Socket) =>
  socket.closed ? Promise.resolve() : new Promise<void>((resolve) => socket.once('close', () => resolve()));

async function statusLine(port: number, bytes: string): Promise<string> {
  const socket = await open(port);
  socket.write(bytes);
  const [data] = await once(socket, 'data');
  return String(data).split('\r\n', 1)[0] ?? '';
}

const isAnswered = async (port: number) => (await fetch(`http://127.0.0.1:${port}/healthz`)).status === 200;

describe('a server', () => {
  it('cuts the connection that has been silent for the longest time when there are too many', async () => {
    const port = await serve(new OpenConnections(3));
    const silent: Socket[] = [];
    for (let index = 0; index < 3; index++) silent.push(await open(port));
    expect(await isAnswered(port)).toBe(true);
    await closed(silent[0] ?? expect.fail());
    expect(silent.map((socket) => socket.closed)).toEqual([true, false, false]);
  });

  it('goes on under a flood of connections that never ask anything', async () => {
    const port = await serve(new OpenConnections(20));
    for (let index = 0; index < 200; index++) await open(port);
    for (let index = 0; index < 30; index++) expect(await isAnswered(port)).toBe(true);
  });

  it('goes on when the kernel could not give it a connection', async () => {
    const server = createHttpServer((_request, response) => answer(response, 200, 'text/plain', 'hello'));
    cleanups.push(() => closeHttpServer(server));
    const failures: string[] = [];
    const address = { host: '127.0.0.1', port: 0 };
    const { port } = await listen(server, address, ({ message }) => failures.push(message));
    server.emit('error', new Error('accept ENOMEM'));
    expect(failures).toEqual(['accept ENOMEM']);
    expect(await isAnswered(port)).toBe(true);
  });

  it('cuts nobody whose request is being answered', async () => {
    const server = createHttpServer(
      (_request, response) => {
        response.writeHead(200);
        response.write('first');
      },
      { connections: new OpenConnections(1) },
    );
    cleanups.push(() => closeHttpServer(server));
    const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
      expect.unreachable(cause.message),
    );
    const watcher = await open(port);
    watcher.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(watcher, 'data');
    await closed(await open(port));
    expect(watcher.closed).toBe(false);
  });

  it('takes a connection for silent again when its answer is complete', async () => {
    const port = await serve(new OpenConnections(1));
    const kept = await open(port);
    kept.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(kept, 'data');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await isAnswered(port)).toBe(true);
    await closed(kept);
  });

  it.each([
    ['headers without end', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(5000)}`, 'HTTP/1.1 431 '],
    ['a header that is too long', `GET / HTTP/1.1\r\na: ${'b'.repeat(100_000)}`, 'HTTP/1.1 431 '],
    ['a path that is too long', `GET /${'a'.repeat(100_000)}`, 'HTTP/1.1 431 '],
    ['no HTTP', 'hello\r\n\r\n', 'HTTP/1.1 400 '],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'HTTP/1.1 400 '],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP/1.1 400 '],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      'HTTP/1.1 400 ',
    ],
  ])('refuses %s', async (_name, bytes, status) => {
    const port = await serve();
    expect(await statusLine(port, bytes)).toContain(status);
    expect(await isAnswered(port)).toBe(true);
  });

  it('works on one request of a connection at a time', async () => {
    let asked = 0;
    const server = createHttpServer(() => {
      asked++;
    });
    cleanups.push(() => closeHttpServer(server));
    const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
      expect.unreachable(cause.message),
    );
    const socket = await open(port);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1000));
    await closed(socket);
    expect(asked).toBe(1);
  });

  it('answers one request after the other over a connection', async () => {
    const port = await serve(new OpenConnections(1));
    const socket = await open(port);
    for (let index = 0; index < 50; index++) {
      socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc');
      const [data] = await once(socket, 'data');
      expect(String(data)).toContain('200 OK');
    }
  });

  it('reads no more of a body than a little', async () => {
    const port = await serve();
    const socket = await open(port);
    socket.write('POST /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n');
    const timer = setInterval(() => socket.writable && socket.write(Buffer.alloc(100_000)), 1);
    cleanups.push(() => clearInterval(timer));
    await closed(socket);
    const small = await fetch(`http://127.0.0.1:${port}/healthz`, { method: 'POST', body: 'x'.repeat(1000) });
    expect(small.status).toBe(200);
  });
});

describe('requestPath', () => {
  it.each([
    ['/healthz?verbose', '/healthz'],
    ['/%68ealthz', '/healthz'],
    ['/%zz', '/%zz'],
    ['http://node:10256/healthz?a=b', '/healthz'],
    ['*', '*'],
    [undefined, ''],
  ])('of %s is %s', (url, path) => {
    expect(requestPath(url)).toBe(path);
  });
});

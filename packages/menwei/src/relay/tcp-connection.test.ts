import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { endOf, readAll, TcpStage } from '@menwei/testing/relay/tcp-testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectToEndpoint } from './endpoint-socket.ts';
import { TcpConnection } from './tcp-connection.ts';

const MIB = 1 << 20;
/** What kernels keep of a connection on both sides of a relay, and the relay itself, with much to spare. */
const MAX_ON_THE_WAY = 40 * MIB;
/** Garbage, for the most part. */
const MAX_IN_PROCESS = 16 * MIB;

let stage: TcpStage;
beforeEach(() => {
  stage = new TcpStage();
});
afterEach(() => stage.end());

/** Both ends of a connection through a relay. */
async function joined() {
  const endpoint = await stage.endpoint();
  const relay = await stage.relay([endpoint]);
  const client = await stage.client(relay);
  const server = await endpoint.accept();
  // Before that, it would try again for a client whose endpoint resets.
  await vi.waitFor(() => expect(relay.events).toMatchObject([{ event: 'connected' }]));
  return { ...relay, client, server };
}

const DIRECTIONS = ['client', 'server'] as const;

describe('TcpConnection', () => {
  it('passes on the end of one direction, and what comes in the other one after that', async () => {
    for (const sender of DIRECTIONS) {
      const { relay, ...ends } = await joined();
      const [from, to] = sender === 'client' ? [ends.client, ends.server] : [ends.server, ends.client];
      from.end('question');
      expect(await readAll(to)).toBe('question');
      to.write('ans');
      await turn();
      to.end('wer');
      expect(await readAll(from)).toBe('answer');
      await vi.waitFor(() => expect(relay.openCount).toBe(0));
    }
  });

  it.each(DIRECTIONS)('passes on a reset of the %s', async (sender) => {
    const { relay, ...ends } = await joined();
    const [from, to] = sender === 'client' ? [ends.client, ends.server] : [ends.server, ends.client];
    from.resetAndDestroy();
    expect(await endOf(to)).toBe('ECONNRESET');
    await vi.waitFor(() => expect(relay.openCount).toBe(0));
  });

  it('passes on a reset after the end of one direction', async () => {
    const { relay, client, server } = await joined();
    client.end('question');
    expect(await readAll(server)).toBe('question');
    client.resetAndDestroy();
    // Nobody is told of a reset who has read to the end, before he writes.
    const writing = setInterval(() => server.write('answer'), 5);
    expect(await endOf(server)).toMatch(/ECONNRESET|EPIPE/);
    clearInterval(writing);
    await vi.waitFor(() => expect(relay.openCount).toBe(0));
  });

  it('passes on an answer to a client that is still sending, after which the endpoint ends everything', async () => {
    const { relay, client, server } = await joined();
    server.once('data', () => server.pause().write('no more', () => server.destroy()));
    const [answer] = await Promise.all([once(client, 'data'), sendForever(client)]);
    expect(String(answer)).toBe('no more');
    await vi.waitFor(() => expect(relay.openCount).toBe(0));
  });

  it('takes nothing for an endpoint that has ended everything after its own part', async () => {
    const { relay, client, server } = await joined();
    server.once('data', () => server.pause().end('no more'));
    client.once('end', () => server.destroy());
    await Promise.all([once(client, 'data'), sendForever(client)]);
    await vi.waitFor(() => expect(relay.openCount).toBe(0));
  });

  it('passes on what is said before anybody asks', async () => {
    const endpoint = await stage.endpoint((socket) => socket.end('220 ready'));
    expect(await readAll(await stage.client(await stage.relay([endpoint])))).toBe('220 ready');
  });

  it('loses nothing of 64 MiB each way to readers that pause', async () => {
    const { client, server } = await joined();
    const [toServer, toClient] = await Promise.all([
      received(server),
      received(client),
      send(client, 64 * MIB, 1),
      send(server, 64 * MIB, 2),
    ]);
    expect([toServer, toClient]).toEqual([digest(64 * MIB, 1), digest(64 * MIB, 2)]);
  });

  it.each(DIRECTIONS)('takes no more from the %s than it gets rid of', async (sender) => {
    const { relay, client, server } = await joined();
    const [from, to] = sender === 'client' ? [client, server] : [server, client];
    to.pause();
    const before = process.memoryUsage();
    const block = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    // Nothing moves any more when even a while later there is no room.
    while (await hasRoom(from)) {
      expect(sent).toBeLessThan(MAX_ON_THE_WAY);
      from.write(block);
      sent += block.length;
    }
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(MAX_IN_PROCESS);
    from.end();
    let got = 0;
    for await (const data of to) got += data.length;
    expect(got).toBe(sent);
    to.end();
    from.resume();
    await vi.waitFor(() => expect(relay.openCount).toBe(0));
  });
});

async function hasRoom(socket: Socket): Promise<boolean> {
  if (!socket.writableNeedDrain) return true;
  const drained = once(socket, 'drain').then(() => true);
  const waited = new Promise<boolean>((resolve) => setTimeout(resolve, 300, false));
  return Promise.race([drained, waited]);
}

/** Until it is told that nobody takes it. */
async function sendForever(socket: Socket): Promise<void> {
  while (!socket.destroyed) {
    socket.write(Buffer.alloc(64 * 1024));
    await turn();
  }
}

/** Bytes whose place can be told from them, to some degree. */
function block(seed: number, number: number): Buffer {
  return Buffer.alloc(32 * 1024, `${seed}/${number} `);
}

async function send(socket: Socket, bytes: number, seed: number): Promise<void> {
  for (let sent = 0, number = 0; sent < bytes; number++) {
    const data = block(seed, number).subarray(0, bytes - sent);
    sent += data.length;
    if (!socket.write(data)) await once(socket, 'drain');
  }
  socket.end();
}

async function received(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  let pieces = 0;
  for await (const data of socket) {
    hash.update(data);
    pieces++;
    if (pieces % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return hash.digest('hex');
}

function digest(bytes: number, seed: number): string {
  const hash = createHash('sha256');
  for (let done = 0, number = 0; done < bytes; number++) {
    const data = block(seed, number).subarray(0, bytes - done);
    done += data.length;
    hash.update(data);
  }
  return hash.digest('hex');
}

/** A client that takes nothing of what it is sent. */
class StuckSocket extends Socket {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer): void {
    this.chunks.push(chunk);
  }
}

/** A connection of this client to a new endpoint, without a relay. */
async function connectionOf(client: Socket, serve: (socket: Socket) => void = () => undefined) {
  const endpoint = await stage.endpoint(serve);
  const ended = Promise.withResolvers<void>();
  const connection = new TcpConnection(client, 1000, () => ended.resolve());
  const connected = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  const socket = connectToEndpoint(endpoint, (error) => {
    if (error === undefined) connection.join(socket, endpoint);
    connected.resolve(error);
  });
  expect(await connected.promise).toBeUndefined();
  return { connection, ended: ended.promise, server: await endpoint.accept() };
}

describe('what waits for a client', () => {
  it('takes no more memory than it has bytes', async () => {
    const client = new StuckSocket();
    const { connection, server } = await connectionOf(client);
    server.setNoDelay(true);
    const before = process.memoryUsage().arrayBuffers;
    for (let pieces = 1; pieces <= 1000; pieces++) {
      server.write('x');
      while (client.writableLength < pieces) await turn();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MAX_IN_PROCESS);
    expect(connection.isWaiting).toBe(true);
    connection.reset();
  });

  it('is not changed by what goes to others', async () => {
    const clients = [new StuckSocket(), new StuckSocket()];
    for (const [number, client] of clients.entries()) {
      const { server } = await connectionOf(client);
      server.write(`to client ${number}`);
      await vi.waitFor(() => expect(client.chunks).toHaveLength(1));
    }
    expect(clients.flatMap(({ chunks }) => chunks.map(String))).toEqual(['to client 0', 'to client 1']);
    for (const client of clients) client.destroy();
  });
});

describe('reset', () => {
  it('closes both sockets while the end of one direction is being passed on', async () => {
    const { client, accepted } = await stage.acceptedClient();
    const { connection, ended } = await connectionOf(accepted);
    accepted.once('end', () => connection.reset());
    client.end();
    expect(await endOf(client)).toBe('ECONNRESET');
    await ended;
    expect(connection.reset()).toBe(false);
  });
});

describe('quietMs', () => {
  it('is the time since something went over the connection', async () => {
    const { client, accepted } = await stage.acceptedClient();
    const { connection, ended } = await connectionOf(accepted, (socket) => socket.pipe(socket));
    expect(connection.quietMs(1500)).toBe(500);
    client.write('x');
    await once(client, 'data');
    expect([1700, 1700, 2700].map((nowMs) => connection.quietMs(nowMs))).toEqual([0, 0, 1000]);
    expect([connection.isWaiting, connection.isHalfClosed]).toEqual([false, false]);
    client.end();
    await ended;
  });
});

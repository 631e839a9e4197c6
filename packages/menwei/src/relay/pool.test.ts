import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import { freePort } from '@menwei/testing/relay/free-ports.ts';
import { aRelay, aRelayEndpoint, UNREACHED_LIMITS } from '@menwei/testing/relay/testing.ts';
import { freeUdpPort, UdpPeer } from '@menwei/testing/relay/udp-testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../log/logger.ts';
import type { Relay, RelayEndpoint } from './contract.ts';
import { homesOf } from './homes.ts';
import { RelayPool, type RelayPoolOptions } from './pool.ts';
import { startWorker } from './relay-thread.ts';

let workers: Worker[];
let lines: string[];
let port: number;
const open: { close(): unknown }[] = [];
const pools: RelayPool[] = [];

beforeEach(async () => {
  workers = [];
  lines = [];
  port = await freePort();
});

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close(0);
  for (const each of open.splice(0)) await each.close();
});

const log = (_fields: object, message: string) => lines.push(message);
const logger: Logger = { verbosity: 0, verbose: () => undefined, info: log, warn: log, error: log };

function aPool(threads: number, options: Partial<RelayPoolOptions> = {}): RelayPool {
  const pool = new RelayPool({
    threads,
    descriptors: 1000,
    limits: UNREACHED_LIMITS,
    logger,
    ...options,
    startWorker: (data) => {
      const worker = (options.startWorker ?? startWorker)(data);
      workers.push(worker);
      return worker;
    },
  });
  pools.push(pool);
  return pool;
}

async function listening(server: Server, at = 0, host = '127.0.0.1'): Promise<Server> {
  server.listen(at, host);
  await once(server, 'listening');
  return server;
}

function endpointOf(server: Server): RelayEndpoint {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return aRelayEndpoint(address.address, address.port);
}

/** Greets every connection with its name, and sends back what comes. */
async function anEndpoint(name = 'hello'): Promise<RelayEndpoint> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.write(name);
    socket.pipe(socket);
  });
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return endpointOf(await listening(server));
}

/** A connection through the relay, and what the endpoint said first. */
async function converse(to = port): Promise<{ readonly socket: Socket; readonly greeting: string }> {
  const socket = connect(to, '127.0.0.1');
  open.push({ close: () => socket.destroy() });
  const [greeting] = await once(socket, 'data');
  return { socket, greeting: String(greeting) };
}

async function echo(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, 'data');
  socket.write(text);
  const [data] = await answer;
  return String(data);
}

function changes(...relays: readonly Relay[]): ReadonlyMap<string, Relay> {
  return new Map(relays.map((relay) => [relay.key, relay]));
}

/** How many sockets of this network namespace listen on a TCP port of 127.0.0.1. */
function listenerCount(at: number): number {
  const local = `0100007F:${at.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${local} 00000000:0000 0A `)).length;
}

describe('RelayPool', () => {
  it('forwards TCP and UDP', async () => {
    const pool = aPool(2);
    const udp = (await UdpPeer.open()).answer('udp ');
    const client = await UdpPeer.open();
    open.push(udp, client);
    const udpPort = await freeUdpPort();
    const relays = changes(
      aRelay(port, [await anEndpoint()]),
      aRelay(udpPort, [udp.endpoint], { key: 'IPv4 default/dns/UDP', protocol: 'UDP' }),
    );
    expect(await pool.apply(relays)).toEqual([]);
    expect(pool.observe()).toEqual(relays);
    expect(await client.ask('x', udpPort)).toBe('udp x');
    const { socket, greeting } = await converse();
    expect([greeting, await echo(socket, 'abc')]).toEqual(['hello', 'abc']);
    await vi.waitFor(() =>
      expect(pool.stats()).toMatchObject({
        connections: 2,
        attempts: 2,
        openConnections: 1,
        openFlows: 1,
        threads: 2,
      }),
    );
    expect([...pool.observeConnections().values()]).toEqual([1, 1]);
    await pool.apply(new Map([['IPv4 default/dns/UDP', undefined]]));
    expect(pool.observeConnections().size).toBe(1);
  });

  it('listens in every thread, and all of them get connections', async () => {
    const pool = aPool(2);
    await pool.apply(changes(aRelay(port, [await anEndpoint()])));
    expect(listenerCount(port)).toBe(2);
    await Promise.all(Array.from({ length: 64 }, () => converse()));
    // One of two threads ends with its share alone.
    await vi.waitFor(() => expect(pool.stats().openConnections).toBe(64));
    await workers[0]?.terminate();
    const left = pool.stats().openConnections;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(64);
  });

  it('keeps a relay with affinity in one thread, and moves it without a gap', async () => {
    const pool = aPool(2);
    const endpoints = [await anEndpoint('a'), await anEndpoint('b')];
    const sticky = aRelay(port, endpoints, { affinityMs: 60_000 });
    await pool.apply(changes(sticky));
    expect(listenerCount(port)).toBe(1);
    const { socket, greeting } = await converse();
    const later = await Promise.all(Array.from({ length: 8 }, () => converse()));
    expect(new Set(later.map((each) => each.greeting))).toEqual(new Set([greeting]));
    await pool.apply(changes({ ...sticky, affinityMs: 0 }));
    expect(listenerCount(port)).toBe(2);
    await pool.apply(changes(sticky));
    expect(listenerCount(port)).toBe(1);
    expect(await echo(socket, 'still there')).toBe('still there');
  });

  it('starts threads when there is something to do for them', async () => {
    const pool = aPool(2);
    await pool.apply(new Map([['IPv4 default/gone/TCP', undefined]]));
    expect(workers).toHaveLength(0);
    await pool.apply(changes(aRelay(port, [await anEndpoint()], { affinityMs: 1000 })));
    expect(workers).toHaveLength(1);
  });

  it('takes a relay away: its listeners at once, its connections when they end', async () => {
    const pool = aPool(2);
    const relay = aRelay(port, [await anEndpoint()]);
    await pool.apply(changes(relay));
    const { socket } = await converse();
    await pool.apply(new Map([[relay.key, undefined]]));
    expect([listenerCount(port), pool.observe().size]).toEqual([0, 0]);
    expect(await echo(socket, 'draining')).toBe('draining');
  });

  it('tells once which port somebody else has, listens there nowhere, and on the others', async () => {
    const pool = aPool(2);
    const endpoint = await anEndpoint();
    const taken = endpoint.port;
    const listeners = [taken, port].map((each) => ({
      ip: '127.0.0.1',
      port: each,
      endpoints: [endpoint],
    }));
    const relay = aRelay(port, [endpoint], { listeners });
    const other = aRelay(await freePort(), [endpoint], { key: 'IPv4 default/other/TCP' });
    const failures = await pool.apply(changes(relay, other));
    expect(failures).toMatchObject([
      { key: relay.key, ip: '127.0.0.1', port: taken, error: { errno: constants.errno.EADDRINUSE } },
    ]);
    expect(failures[0]?.error.message).toContain(`TCP 127.0.0.1:${taken}`);
    expect(pool.observe()).toEqual(changes({ ...relay, listeners: listeners.slice(1) }, other));
    expect((await converse()).greeting).toBe('hello');
  });

  it('replaces a thread that dies, and leaves the others alone', async () => {
    const pool = aPool(2);
    const endpoint = await anEndpoint();
    const stickyPort = await freePort();
    const sticky = Array.from({ length: 20 }, (_, index) =>
      aRelay(stickyPort, [endpoint], { key: `IPv4 default/${index}/TCP`, affinityMs: 60_000 }),
    ).find((relay) => homesOf(relay, 2)[0] === 1);
    if (sticky === undefined) throw new Error('none of twenty lives in the second thread');
    await pool.apply(changes(aRelay(port, [endpoint]), sticky));
    const { socket } = await converse(stickyPort);
    await workers[0]?.terminate();
    expect(await echo(socket, 'untouched')).toBe('untouched');
    await vi.waitFor(() => expect(listenerCount(port)).toBe(2));
    expect(workers).toHaveLength(3);
    expect(lines).toEqual(['userspace proxy thread exited and its connections are lost; restarting it']);
    expect((await converse()).greeting).toBe('hello');
  });

  describe.each([
    ['dies', 'process.exit(1)'],
    ['throws', "parentPort.postMessage({ id, thrown: 'BUG: x' })"],
    ['never answers', ''],
  ])('whose first thread %s', (_how, answer) => {
    const script = `
      const { parentPort } = require('node:worker_threads');
      parentPort.on('message', ({ id }) => { ${answer} });`;
    const aFaultyPool = (threads: number) =>
      aPool(threads, {
        // A sound thread has to start within that on a busy machine, too.
        answerWithinMs: answer === '' ? 5_000 : 60_000,
        startWorker: (data) =>
          workers.length === 0 ? new Worker(script, { eval: true, execArgv: [] }) : startWorker(data),
      });

    it('takes nothing for done, and does it when it is told again', async () => {
      const pool = aFaultyPool(1);
      const relay = aRelay(port, [await anEndpoint()]);
      const wanted = changes(relay);
      expect(await pool.apply(wanted)).toMatchObject([
        {
          key: relay.key,
          ip: '127.0.0.1',
          port,
          error: { message: expect.stringContaining('relay thread') },
        },
      ]);
      expect(pool.observe().get(relay.key)?.listeners).toEqual([]);
      await vi.waitFor(async () => expect(await pool.apply(wanted)).toEqual([]));
      expect(pool.observe()).toEqual(wanted);
      expect((await converse()).greeting).toBe('hello');
    });

    it('is content as long as another one listens, and has a new one join it', async () => {
      const pool = aFaultyPool(2);
      expect(await pool.apply(changes(aRelay(port, [await anEndpoint()])))).toEqual([]);
      expect((await converse()).greeting).toBe('hello');
      await vi.waitFor(() => expect(listenerCount(port)).toBe(2));
    });
  });

  it('tells what is lost with threads that end again and again', async () => {
    const pool = aPool(1, {
      startWorker: (data) =>
        workers.length === 0
          ? startWorker(data)
          : new Worker('process.exit(1)', { eval: true, execArgv: [] }),
    });
    const lost: string[] = [];
    const end = new AbortController();
    pool.watch((what) => lost.push(what), end.signal);
    const relay = aRelay(port, [await anEndpoint()]);
    await pool.apply(changes(relay));
    await workers[0]?.terminate();
    await vi.waitFor(() => expect(lost).toEqual(['listeners of the userspace proxy were lost']));
    expect(pool.observe().get(relay.key)?.listeners).toEqual([]);
    end.abort();
  });

  it('closes listeners first, and waits for connections to end', async () => {
    const pool = aPool(2);
    await pool.apply(changes(aRelay(port, [await anEndpoint()])));
    const { socket } = await converse();
    const closed = pool.close(60_000);
    await vi.waitFor(() => expect(listenerCount(port)).toBe(0));
    expect(await echo(socket, 'draining')).toBe('draining');
    socket.end();
    await closed;
    expect(pool.stats()).toMatchObject({ openConnections: 0, threads: 0 });
  });

  it('waits no longer than it may', async () => {
    const pool = aPool(1);
    await pool.apply(changes(aRelay(port, [await anEndpoint()])));
    const { socket } = await converse();
    const ended = new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
    await pool.close(50);
    await ended;
  });

  it('does not wait for UDP flows', async () => {
    const pool = aPool(1);
    const udp = (await UdpPeer.open()).answer();
    const client = await UdpPeer.open();
    open.push(udp, client);
    const udpPort = await freeUdpPort();
    await pool.apply(changes(aRelay(udpPort, [udp.endpoint], { protocol: 'UDP' })));
    await client.ask('x', udpPort);
    await pool.close(600_000);
    expect(pool.stats().threads).toBe(0);
  });

  it('logs what goes wrong, a line a kind', async () => {
    const pool = aPool(1);
    await pool.apply(changes(aRelay(port, [aRelayEndpoint('127.0.0.1', await freePort())])));
    for (let each = 0; each < 3; each++) {
      const socket = connect(port, '127.0.0.1');
      open.push({ close: () => socket.destroy() });
      socket.on('error', () => socket.destroy());
    }
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(0));
    expect(lines.filter((line) => line.startsWith('endpoint did not answer'))).toHaveLength(1);
  });
});

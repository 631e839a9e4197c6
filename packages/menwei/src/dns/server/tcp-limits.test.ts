/** Hostile clients: a server has its limits, and others are served. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { AllowedClients, PRIVATE_NETWORKS } from './allowed-clients.ts';
import { DnsServer } from './dns-server.ts';
import type { Responder } from './responder.ts';
import type { TcpLimits } from './tcp-connection.ts';

describe('TCP connections of a DNS server', () => {
  it('are closed when nothing is asked', async () => {
    const server = await open({ idleMs: 50 });
    const client = await connectTo();
    client.write(framed([1]));
    await answers(client, 1);

    await closed(client);
    while (server.tcpConnections > 0) await sleep(1);
  });

  it('are closed when a message does not come to its end', async () => {
    await open({ messageMs: 100 });
    const client = await connectTo();
    // A byte now and then is no progress.
    const drip = setInterval(() => client.write(Uint8Array.of(1)), 20);

    await closed(client).finally(() => clearInterval(drip));
  });

  it('are closed when answers are not taken, and are not read before', async () => {
    let asked = 0;
    const big = Buffer.alloc(60_000, 1);
    const server = await open(
      { messageMs: 100 },
      {
        answer() {
          asked += 1;
          return big;
        },
      },
    );
    const client = await connectTo();
    client.pause();
    const many = Buffer.concat(Array.from({ length: 2000 }, () => framed([1])));
    client.write(many);

    while (server.tcpConnections > 0) await sleep(10);
    expect(asked).toBeLessThan(1000);
  });

  it('give way, the longest idle first, when there are too many', async () => {
    await open({ connections: 2 });
    const [first, second] = [await connectTo(), await connectTo()];
    first.write(framed([1]));
    await answers(first, 1);
    const third = await connectTo();

    await closed(second);
    for (const client of [first, third]) {
      client.write(framed([2]));
      expect(await answers(client, 1)).toEqual([[2]]);
    }
  });
});

let server: DnsServer | undefined;
const clients: Socket[] = [];

afterEach(() => {
  server?.close();
  for (const client of clients.splice(0)) client.destroy();
});

const ECHO: Responder = { answer: (query) => Uint8Array.from(query) };
const PORT = 18_541;

async function open(limits: Partial<TcpLimits>, responder = ECHO): Promise<DnsServer> {
  const observer = { refusedClient: () => undefined, socketFailed: () => undefined };
  const parts = { responder, clients: new AllowedClients(PRIVATE_NETWORKS), observer };
  const all = { connections: 1000, idleMs: 60_000, messageMs: 60_000, ...limits };
  server = await DnsServer.listen([{ ip: '127.0.0.1', port: PORT }], parts, all);
  return server;
}

function framed(message: readonly number[]): Buffer {
  return Buffer.from([0, message.length, ...message]);
}

async function connectTo(): Promise<Socket> {
  const client = connect(PORT, '127.0.0.1');
  clients.push(client);
  await once(client, 'connect');
  client.on('error', () => undefined);
  return client;
}

async function answers(client: Socket, count: number): Promise<readonly (readonly number[])[]> {
  const received: number[][] = [];
  let rest = Buffer.alloc(0);
  while (received.length < count) {
    const [bytes]: Buffer[] = await once(client, 'data');
    rest = Buffer.concat([rest, bytes ?? Buffer.alloc(0)]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const end = 2 + rest.readUInt16BE();
      received.push([...rest.subarray(2, end)]);
      rest = rest.subarray(end);
    }
  }
  return received;
}

async function closed(client: Socket): Promise<void> {
  client.resume();
  if (!client.closed) await new Promise((resolve) => client.once('close', resolve));
}

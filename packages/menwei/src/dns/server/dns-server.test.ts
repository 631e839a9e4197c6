import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { AllowedClients, PRIVATE_NETWORKS } from './allowed-clients.ts';
import { DnsServer } from './dns-server.ts';
import type { Responder } from './responder.ts';

const ECHO: Responder = { answer: (query) => Uint8Array.from(query) };
const LATE: Responder = {
  answer: async (query) => {
    const kept = Uint8Array.from(query);
    await sleep(10 * (10 - (kept[0] ?? 0)));
    return kept;
  },
};

let server: DnsServer | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});

async function start(responder: Responder, port: number, networks = PRIVATE_NETWORKS): Promise<string[]> {
  const events: string[] = [];
  server = await DnsServer.listen([{ ip: '127.0.0.1', port }], {
    responder,
    clients: new AllowedClients(networks),
    observer: { refusedClient: (transport) => events.push(transport), socketFailed: () => undefined },
  });
  return events;
}

async function askByTcp(port: number, ...messages: readonly (readonly number[])[]): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  socket.end(Buffer.concat(messages.map((message) => Buffer.from([0, message.length, ...message]))));
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(parts);
}

describe('a DNS server', () => {
  it('answers by UDP', async () => {
    await start(ECHO, 18_531);
    const socket = createSocket('udp4');
    socket.send('hello', 18_531, '127.0.0.1');
    const [message] = await once(socket, 'message');
    expect(String(message)).toBe('hello');
    socket.close();
  });

  it('answers several questions of one connection, also after its client has ended', async () => {
    await start(ECHO, 18_532);
    expect([...(await askByTcp(18_532, [1, 2], [3]))]).toEqual([0, 2, 1, 2, 0, 1, 3]);
  });

  it('answers as answers are ready', async () => {
    await start(LATE, 18_533);
    expect([...(await askByTcp(18_533, [1], [9]))]).toEqual([0, 1, 9, 0, 1, 1]);
  });

  it('says nothing to who may not ask', async () => {
    const events = await start(ECHO, 18_534, ['10.0.0.0/8']);
    expect(await askByTcp(18_534, [1])).toHaveLength(0);
    expect(events).toEqual(['tcp']);
  });

  it('names the address that is taken, and then listens nowhere', async () => {
    await start(ECHO, 18_535);
    const parts = {
      responder: ECHO,
      clients: new AllowedClients([]),
      observer: { refusedClient: () => undefined, socketFailed: () => undefined },
    };
    const places = [18_536, 18_535].map((port) => ({ ip: '127.0.0.1', port }));
    await expect(DnsServer.listen(places, parts)).rejects.toThrow(
      "can't listen on 127.0.0.1:18535 (UDP): EADDRINUSE",
    );
    const again = await DnsServer.listen(places.slice(0, 1), parts);
    again.close();
  });
});

describe('allowed clients', () => {
  it.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['fe80::1%eth0', true],
    ['8.8.8.8', false],
    ['2001:db8::1', false],
  ])('%s: %s', (address, isAllowed) => {
    expect(new AllowedClients(PRIVATE_NETWORKS).has(address)).toBe(isAllowed);
  });
});

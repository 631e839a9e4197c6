/** What holds for UDP sockets of either kind. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { AllowedClients, PRIVATE_NETWORKS } from './allowed-clients.ts';
import { listenInBatches } from './batch-socket.ts';
import { listenByDatagram } from './datagram-socket.ts';
import type { Peer, Responder } from './responder.ts';

const PORT = 18_551;
const ECHO: Responder = { answer: (query) => Uint8Array.from(query) };

let server: Disposable | undefined;
afterEach(() => {
  server?.[Symbol.dispose]();
  server = undefined;
});

describe.each([
  ['a system call each', listenByDatagram],
  ['many a system call', listenInBatches],
])('UDP with %s', (_, listen) => {
  it.each([
    ['127.0.0.1', 'udp4'],
    ['::1', 'udp6'],
  ] as const)('answers at %s', async (address, type) => {
    const peers: Peer[] = [];
    await start(address, {
      answer(query, peer) {
        peers.push(peer);
        return Uint8Array.from(query);
      },
    });
    const client = createSocket(type);
    client.send('hello', PORT, address);
    const [message] = await once(client, 'message');

    expect(String(message)).toBe('hello');
    expect(peers).toEqual([{ address, port: client.address().port, transport: 'udp' }]);
    client.close();
  });

  it('gives each client its answer, at once or later', async () => {
    await start('127.0.0.1', {
      answer(query) {
        const kept = Uint8Array.from(query);
        return (kept[0] ?? 0) % 3 === 0 ? sleep(1).then(() => kept) : kept;
      },
    });
    const clients = await Promise.all(
      Array.from({ length: 100 }, async (_, number) => {
        const client = createSocket('udp4');
        client.send(Uint8Array.of(number, 1), PORT, '127.0.0.1');
        client.send(Uint8Array.of(number, 2), PORT, '127.0.0.1');
        const received: number[][] = [];
        for (let count = 0; count < 2; count += 1) received.push([...(await once(client, 'message'))[0]]);
        client.close();
        return received;
      }),
    );

    for (const [number, received] of clients.entries()) {
      expect(received.sort()).toEqual([
        [number, 1],
        [number, 2],
      ]);
    }
  });

  it('sends what is as large as it may be, and takes what is as large as can be', async () => {
    await start('127.0.0.1', { answer: (query) => new Uint8Array(1232).fill(query[0] ?? 0) });
    const client = createSocket('udp4');
    for (let number = 0; number < 100; number += 1) {
      client.send(new Uint8Array(60_000).fill(number), PORT, '127.0.0.1');
      const [message] = await once(client, 'message');
      expect(message.equals(Buffer.alloc(1232, number))).toBe(true);
    }
    client.close();
  });

  it('says nothing where nothing is to be said, and nothing to who may not ask', async () => {
    const refused: string[] = [];
    await start(
      '127.0.0.1',
      { answer: (query) => (query[0] === 1 ? Uint8Array.of(1) : undefined) },
      {
        networks: ['127.0.0.1/32'],
        refused,
      },
    );
    const client = createSocket('udp4');
    const stranger = createSocket('udp4');
    stranger.bind(0, '127.0.0.9');
    await once(stranger, 'listening');
    stranger.on('message', () => refused.push('answered'));
    stranger.send(Uint8Array.of(1), PORT, '127.0.0.1');
    client.send(Uint8Array.of(2), PORT, '127.0.0.1');
    client.send(Uint8Array.of(1), PORT, '127.0.0.1');

    expect([...(await once(client, 'message'))[0]]).toEqual([1]);
    expect(refused).toEqual(['udp']);
    client.close();
    stranger.close();
  });

  it('says that its port is taken', async () => {
    await start('127.0.0.1', ECHO);
    const again = async () => listen({ address: '127.0.0.1', port: PORT }, partsOf(ECHO));

    await expect(again()).rejects.toThrow('EADDRINUSE');
  });

  async function start(address: string, responder: Responder, options?: PartOptions): Promise<void> {
    server = await listen({ address, port: PORT }, partsOf(responder, options));
  }
});

it.each([
  ['0.0.0.0', 'udp4', '127.0.0.7'],
  ['::', 'udp6', '::1'],
] as const)(
  'an answer out of a socket at %s leaves from the address that was asked',
  async (wildcard, type, asked) => {
    const later: Responder = { answer: async (query) => Uint8Array.from(query) };
    for (const responder of [ECHO, later]) {
      using _server = listenInBatches({ address: wildcard, port: PORT }, partsOf(responder));
      const client = createSocket(type);
      // A connected socket takes nothing from elsewhere.
      client.connect(PORT, asked);
      await once(client, 'connect');
      client.send('hello');
      expect(String((await once(client, 'message'))[0])).toBe('hello');
      client.close();
    }
  },
);

interface PartOptions {
  readonly networks: readonly string[];
  readonly refused: string[];
}

function partsOf(
  responder: Responder,
  { networks, refused }: PartOptions = { networks: PRIVATE_NETWORKS, refused: [] },
) {
  return {
    responder,
    clients: new AllowedClients(networks),
    observer: {
      refusedClient: (transport: string) => void refused.push(transport),
      socketFailed: () => undefined,
    },
  };
}

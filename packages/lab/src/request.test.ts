import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { tally } from './outcome.ts';
import { decodeAnswer, parseTarget, requestUdp } from './request.ts';

describe('parseTarget', () => {
  it.each([
    ['10.0.0.1:8080', '10.0.0.1', 8080],
    ['10.0.0.1', '10.0.0.1', 80],
    ['[fd00::1]:443', 'fd00::1', 443],
    ['[FD00:0::1]', 'fd00::1', 80],
    ['http://10.0.0.1:30080/path', '10.0.0.1', 30080],
  ])('reads %s', (text, address, port) => {
    expect(parseTarget(text)).toEqual({ address, port });
  });

  it.each(['', 'web:80', 'fd00::1:80', '10.0.0.1:', '10.0.0.1:65536', 'https://10.0.0.1'])(
    'refuses %j',
    (text) => {
      expect(() => parseTarget(text)).toThrow(/neither an address with a port/);
    },
  );
});

it('takes no other server for an echo server', () => {
  expect(decodeAnswer('<html>')).toMatchObject({ error: 'failed' });
  expect(decodeAnswer('{"status":"ok"}')).toMatchObject({ error: 'failed' });
});

it('counts answers by pod and by client, and failures by kind', () => {
  const answer = { pod: 'a', node: 'one', client: '10.0.0.9', clientPort: 1, status: 200 };
  const outcomes = [answer, { ...answer, pod: 'b' }, answer, { error: 'refused', detail: '' } as const];
  expect(tally(outcomes, 5)).toEqual({
    total: 4,
    byPod: { a: 2, b: 1 },
    byClient: { '10.0.0.9': 3 },
    failed: 1,
    failures: { refused: 1 },
    elapsedMs: 5,
  });
});

describe('a datagram from a port', () => {
  const ports = async () => {
    const server = createSocket('udp4').on('message', (_, { port }) =>
      server.send(JSON.stringify({ pod: 'a', client: '127.0.0.1' }), port, '127.0.0.1'),
    );
    const holder = createSocket('udp4');
    for (const socket of [server, holder]) {
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    }
    return { server, holder };
  };

  it('waits until a port that is about to be closed is free', async () => {
    const { server, holder } = await ports();
    const sourcePort = holder.address().port;
    const asked = requestUdp({ address: '127.0.0.1', port: server.address().port }, { sourcePort });
    setTimeout(() => holder.close(), 50);
    expect(await asked).toMatchObject({ pod: 'a' });
    server.close();
  });

  it('says so when the port stays in use', async () => {
    const { server, holder } = await ports();
    const options = { sourcePort: holder.address().port, timeoutMs: 100 };
    expect(await requestUdp({ address: '127.0.0.1', port: server.address().port }, options)).toEqual({
      error: 'failed',
      detail: expect.stringContaining('EADDRINUSE'),
    });
    for (const socket of [server, holder]) socket.close();
  });
});

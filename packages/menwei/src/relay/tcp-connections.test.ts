import type { Socket } from 'node:net';
import {
  allEnded,
  answersTo,
  endOf,
  eventsOf,
  readAll,
  type StagedRelay,
  TcpStage,
} from '@menwei/testing/relay/tcp-testing.ts';
import { aRelay } from '@menwei/testing/relay/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RelayLimits } from './contract.ts';

let stage: TcpStage;
beforeEach(() => {
  stage = new TcpStage();
});
afterEach(() => stage.end());

function limited(limits: Partial<RelayLimits>): {
  readonly context: { readonly limits: Partial<RelayLimits> };
} {
  return { context: { limits } };
}

function portOf({ wanted }: StagedRelay): number {
  return wanted.listeners[0]?.port ?? 0;
}

describe('stayWith', () => {
  it('drains connections of endpoints that are gone, but not of those that come back', async () => {
    const [a, b] = [await stage.echo(), await stage.echo()];
    const staged = await stage.relay([a, b], limited({ drainMs: 200 }));
    const clients = [await stage.joinedClient(staged), await stage.joinedClient(staged)];
    const ends = clients.map((client) => endOf(client));
    const port = portOf(staged);
    await staged.relay.update(aRelay(port, [b], { usable: [] }));
    await staged.relay.update(aRelay(port, [b]));
    expect(await Promise.race(ends)).toBe('ECONNRESET');
    expect(eventsOf(staged, 'ended')).toMatchObject([{ why: 'drained' }]);
    await vi.waitFor(() => expect(staged.relay.openCount).toBe(1));
    const [left] = clients.filter((client) => !client.destroyed);
    if (left === undefined) throw new Error('BUG: no client left');
    expect(await answersTo(left, 'still')).toBe('still');
  });

  it('leaves connections with endpoints that are usable still', async () => {
    const endpoint = await stage.echo();
    const staged = await stage.relay([endpoint], limited({ drainMs: 0 }));
    const client = await stage.joinedClient(staged);
    const port = portOf(staged);
    const other = await stage.endpoint((socket) => socket.end('b'));
    await staged.relay.update(aRelay(port, [other], { usable: [endpoint.text, other.text] }));
    expect(await readAll(await stage.client(staged))).toBe('b');
    expect(await answersTo(client, 'still')).toBe('still');
  });
});

describe('drain', () => {
  it('ends connections that have not ended in time', async () => {
    const staged = await stage.relay([await stage.echo()], limited({ drainMs: 20 }));
    const end = endOf(await stage.joinedClient(staged));
    await staged.relay.close();
    expect(await end).toBe('ECONNRESET');
    expect(eventsOf(staged, 'ended')).toMatchObject([{ why: 'drained' }]);
  });
});

describe('limits', () => {
  it.each<{ name: string; limits: Partial<RelayLimits>; act: (client: Socket) => unknown; why: string }>([
    { name: 'over which nothing goes', limits: { idleMs: 100 }, act: () => undefined, why: 'idle' },
    {
      name: 'of which one direction has ended',
      limits: { halfClosedMs: 100 },
      act: (client) => client.end(),
      why: 'idle',
    },
    {
      name: 'whose endpoint does not read',
      limits: { halfClosedMs: 100 },
      act: (client) => client.write(Buffer.alloc(32 << 20)),
      why: 'stalled',
    },
  ])('ends a connection $name', async ({ limits, act, why }) => {
    // It does not read.
    const staged = await stage.relay([await stage.endpoint()], limited(limits));
    const client = await stage.client(staged);
    act(client);
    expect(await endOf(client)).toMatch(/ECONNRESET|EPIPE/);
    expect(eventsOf(staged, 'ended')).toMatchObject([{ why }]);
    await allEnded(staged);
  });
});

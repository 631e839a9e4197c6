import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { constants, networkInterfaces } from 'node:os';
import { freePort } from '@menwei/testing/relay/free-ports.ts';
import {
  allEnded,
  answersTo,
  endOf,
  eventsOf,
  readAll,
  type StagedRelay,
  type TcpEndpoint,
  TcpStage,
} from '@menwei/testing/relay/tcp-testing.ts';
import { aRelay, aRelayContext, aRelayEndpoint } from '@menwei/testing/relay/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RelayContext } from './contract.ts';
import { TcpRelay } from './tcp-relay.ts';

/** Nobody listens there. */
const REFUSING = aRelayEndpoint('127.0.0.1', 1);

/** The first endpoint has the first turn. */
const IN_ORDER = { context: { random: () => 0.999 } };

let stage: TcpStage;
beforeEach(() => {
  stage = new TcpStage();
});
afterEach(() => stage.end());

/** An endpoint that says its name and hangs up. */
function named(name: string): Promise<TcpEndpoint> {
  return stage.endpoint((socket) => socket.end(name));
}

async function ask(relay: StagedRelay): Promise<string> {
  const client = await stage.client(relay);
  const answer = await readAll(client);
  client.end();
  return answer;
}

describe('choosing an endpoint', () => {
  it('gives each its turn', async () => {
    const relay = await stage.relay([await named('a'), await named('b')]);
    const answers = [await ask(relay), await ask(relay), await ask(relay), await ask(relay)];
    expect(answers.toSorted().join('')).toBe('aabb');
    await allEnded(relay);
  });

  it('leaves a client where it is, if asked to', async () => {
    const relay = await stage.relay([await named('a'), await named('b')], { relay: { affinityMs: 60_000 } });
    expect(new Set([await ask(relay), await ask(relay), await ask(relay)]).size).toBe(1);
  });

  it('goes on to another one, and to the first of them only later', async () => {
    const relay = await stage.relay([REFUSING, await named('a')], IN_ORDER);
    expect([await ask(relay), await ask(relay), await ask(relay)]).toEqual(['a', 'a', 'a']);
    const key = relay.wanted.key;
    const failed = { event: 'attempt-failed', key, endpoint: REFUSING.text, why: 'ECONNREFUSED' };
    expect(eventsOf(relay, 'attempt-failed')).toEqual([failed]);
    expect(eventsOf(relay, 'connected')).toHaveLength(3);
  });

  it('goes on to another one when one is silent', async () => {
    const relay = await stage.relay([await stage.silentEndpoint(), await named('a')], IN_ORDER);
    expect(await ask(relay)).toBe('a');
    expect(eventsOf(relay, 'attempt-failed')).toMatchObject([{ why: 'ETIMEDOUT' }]);
    expect(eventsOf(relay, 'connected')).toMatchObject([{ attempts: 2 }]);
  });

  it('does not hold up others meanwhile', async () => {
    const relay = await stage.relay([await stage.silentEndpoint(), await named('a')], IN_ORDER);
    const slow = await stage.client(relay);
    await stage.client(relay);
    await vi.waitFor(() => expect(eventsOf(relay, 'connected')).toHaveLength(1));
    expect(await readAll(slow)).toBe('a');
  });

  it('sends the client away when there is nobody', async () => {
    const relay = await stage.relay([REFUSING]);
    expect(await endOf(await stage.client(relay))).toBe('ECONNRESET');
    expect(relay.events.at(-1)).toEqual({ event: 'unserved', key: relay.wanted.key, attempts: 4 });
    await allEnded(relay);
  });

  it('ends when the client goes away', async () => {
    const relay = await stage.relay([await stage.silentEndpoint()]);
    const client = await stage.client(relay);
    client.write('hello');
    await vi.waitFor(() => expect(relay.relay.openCount).toBe(1));
    client.resetAndDestroy();
    await allEnded(relay);
    expect(eventsOf(relay, 'unserved')).toEqual([]);
  });
});

describe('update', () => {
  it('tells which listeners it could not have, and opens the others', async () => {
    const taken = await stage.endpoint();
    const endpoint = await named('a');
    const port = await freePort();
    const wanted = aRelay(port, [endpoint], {
      listeners: [taken.port, port].map((at) => ({ ip: '127.0.0.1', port: at, endpoints: [endpoint] })),
    });
    const { context, events } = aRelayContext();
    const relay = new TcpRelay(wanted, context);
    const [failure, ...others] = await relay.update(wanted);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ key: wanted.key, ip: '127.0.0.1', port: taken.port });
    expect(failure?.error).toMatchObject({
      operation: 'listen',
      object: `TCP 127.0.0.1:${taken.port}`,
      errno: constants.errno.EADDRINUSE,
    });
    expect(await ask({ relay, wanted: aRelay(port, [endpoint]), events })).toBe('a');
    await new Promise((resolve) => taken.server.close(resolve));
    expect(await relay.update(wanted)).toEqual([]);
    expect(await ask({ relay, wanted: aRelay(taken.port, [endpoint]), events })).toBe('a');
    await relay.close();
  });

  it('closes listeners that are gone, and keeps the connections over them', async () => {
    const staged = await stage.relay([await stage.echo()]);
    const client = await stage.joinedClient(staged);
    const other = {
      ...staged.wanted,
      listeners: aRelay(await freePort(), staged.wanted.listeners[0]?.endpoints ?? []).listeners,
    };
    expect(await staged.relay.update(other)).toEqual([]);
    await expect(stage.client(staged)).rejects.toThrow('ECONNREFUSED');
    expect(await answersTo(client, 'again')).toBe('again');
    expect(await answersTo(await stage.client({ wanted: other }), 'new')).toBe('new');
  });

  it.each([
    { sharesPorts: true, failures: 0 },
    { sharesPorts: false, failures: 1 },
  ])('leaves a port to another thread as well: $sharesPorts', async ({ sharesPorts, failures }) => {
    const { wanted } = await stage.relay([await named('a')], { context: { sharesPorts } });
    const other = new TcpRelay(wanted, aRelayContext({ sharesPorts }).context);
    expect(await other.update(wanted)).toHaveLength(failures);
    await other.close();
  });

  it('moves a listener to another address of the same port', async () => {
    const endpoint = await named('a');
    const { relay, wanted, events } = await stage.relay([endpoint]);
    const everywhere = {
      ...wanted,
      listeners: wanted.listeners.map((listener) => ({ ...listener, ip: '0.0.0.0' })),
    };
    expect(await relay.update(everywhere)).toEqual([]);
    expect(await ask({ relay, wanted: everywhere, events })).toBe('a');
  });

  it('gives a client in the making another endpoint when its own leaves, and that all that the client has said', async () => {
    const relay = await stage.relay([await stage.silentEndpoint()], IN_ORDER);
    const client = await stage.client(relay);
    const answer = answersTo(client, 'said before');
    const echo = await stage.echo();
    const [listener] = relay.wanted.listeners;
    if (listener === undefined) throw new Error('BUG: no listener');
    await relay.relay.update({
      ...relay.wanted,
      listeners: [{ ...listener, endpoints: [echo] }],
      usable: [echo.text],
    });
    expect(await answer).toBe('said before');
  });

  it('resets connections to endpoints that are down, and no others', async () => {
    const [down, up] = [await stage.echo(), await stage.echo()];
    const relay = await stage.relay([down], IN_ORDER);
    const lost = await stage.joinedClient(relay);
    const [listener] = relay.wanted.listeners;
    if (listener === undefined) throw new Error('BUG: no listener');
    const listeners = [{ ...listener, endpoints: [up] }];
    const usable = [up.text];
    await relay.relay.update({ ...relay.wanted, listeners, usable: [...usable, down.text] });
    const kept = await stage.joinedClient(relay);
    const end = endOf(lost);
    await relay.relay.update({ ...relay.wanted, listeners, usable, reset: [down.text] });
    expect(await end).toBe('ECONNRESET');
    expect(eventsOf(relay, 'ended')).toMatchObject([{ why: 'down' }]);
    expect(await answersTo(kept, 'still there')).toBe('still there');
  });

  it('sends new connections to the endpoints that are there now', async () => {
    const staged = await stage.relay([await named('a')]);
    const endpoints = [await named('b')];
    const [port = 0] = staged.wanted.listeners.map((listener) => listener.port);
    await staged.relay.update(aRelay(port, endpoints));
    expect([await ask(staged), await ask(staged)]).toEqual(['b', 'b']);
  });
});

describe('close', () => {
  it('frees the port at once and waits for connections to end', async () => {
    const staged = await stage.relay([await stage.echo()]);
    const client = await stage.joinedClient(staged);
    let isClosed = false;
    const closed = staged.relay.close().then(() => {
      isClosed = true;
    });
    await expect(stage.client(staged)).rejects.toThrow('ECONNREFUSED');
    expect(await answersTo(client, 'still')).toBe('still');
    expect(isClosed).toBe(false);
    client.end();
    await closed;
    expect([staged.relay.openCount, eventsOf(staged, 'ended')]).toEqual([0, []]);
  });

  it('has nothing to wait for without connections', async () => {
    await (await stage.relay([REFUSING])).relay.close();
  });
});

describe('descriptors', () => {
  function budget(free: number): RelayContext['descriptors'] & { readonly free: () => number } {
    let left = free;
    return {
      free: () => left,
      take: (count) => {
        if (left < count) return false;
        left -= count;
        return true;
      },
      give: (count) => {
        left += count;
      },
    };
  }

  it('sends clients away when there are none, until there are some', async () => {
    const descriptors = budget(3);
    const staged = await stage.relay([await stage.echo()], { context: { descriptors } });
    const first = await stage.joinedClient(staged);
    const key = staged.wanted.key;
    expect(await stage.client(staged).then(endOf, (error) => error.code)).toBe('ECONNRESET');
    expect(eventsOf(staged, 'no-descriptor')).toEqual([{ event: 'no-descriptor', key }]);
    first.end();
    await allEnded(staged);
    expect(descriptors.free()).toBe(3);
    await stage.joinedClient(staged);
  });

  it('are all given back, however connections end', async () => {
    const descriptors = budget(10_000);
    const endpoint = await stage.endpoint((socket) => {
      socket.once('data', (order) => {
        if (String(order) === 'reset') socket.resetAndDestroy();
        else socket.end('bye');
      });
      socket.once('end', () => socket.end());
    });
    const staged = await stage.relay([endpoint, REFUSING], { context: { descriptors } });
    const before = readdirSync('/proc/self/fd').length;
    const endings: readonly ((client: Socket) => unknown)[] = [
      (client) => client.end('bye'),
      (client) => client.write('reset'),
      (client) => client.write('bye', () => client.end()),
      (client) => client.resetAndDestroy(),
      (client) => client.end('bye', () => client.resetAndDestroy()),
      (client) => client.destroy(),
    ];
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => stage.client(staged)));
      const ends = clients.map((client) => endOf(client));
      for (const [number, client] of clients.entries()) endings[(round + number) % endings.length]?.(client);
      await Promise.all(ends);
    }
    await allEnded(staged);
    expect(descriptors.free()).toBe(10_000);
    await vi.waitFor(() => expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before));
  });
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

describe.runIf(hasIpv6)('IPv6', () => {
  it('shares a port with IPv4', async () => {
    const endpoint = await named('a');
    const { wanted } = await stage.relay([endpoint]);
    const [port = 0] = wanted.listeners.map((listener) => listener.port);
    const both = (ip: string, family: 'IPv4' | 'IPv6') => ({
      ...wanted,
      family,
      listeners: [{ ip, port, endpoints: [endpoint] }],
    });
    const { context } = aRelayContext();
    const relay = new TcpRelay(both('::', 'IPv6'), context);
    expect(await relay.update(both('::', 'IPv6'))).toEqual([]);
    const client = connect(port, '::1');
    expect(await readAll(client)).toBe('a');
    client.destroy();
    await relay.close();
  });
});

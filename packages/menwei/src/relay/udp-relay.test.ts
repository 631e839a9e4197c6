import type { Socket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { aRelay, UNREACHED_LIMITS } from '@menwei/testing/relay/testing.ts';
import { freeUdpPort, UdpPeer } from '@menwei/testing/relay/udp-testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Relay, RelayContext, RelayEndpoint, RelayEvent, RelayLimits } from './contract.ts';
import { allocateBudget, SharedDescriptorBudget } from './descriptor-budget.ts';
import { UdpRelay } from './udp-relay.ts';
import { listenUdp } from './udp-socket.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

let port: number;
let events: RelayEvent[];
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  events = [];
  port = await freeUdpPort();
});

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function peer(ip?: string, ownPort?: number): Promise<UdpPeer> {
  const one = await UdpPeer.open(ip, ownPort);
  open.push(one);
  return one;
}

function context(changes: Partial<RelayContext> = {}, limits: Partial<RelayLimits> = {}): RelayContext {
  return {
    limits: { ...UNREACHED_LIMITS, ...limits },
    descriptors: new SharedDescriptorBudget(allocateBudget(20_000, 1), 0),
    report: (event) => events.push(event),
    random: () => 0.5,
    sharesPorts: false,
    ...changes,
  };
}

function aUdpRelay(endpoints: readonly RelayEndpoint[], changes: Partial<Relay> = {}): Relay {
  return aRelay(port, endpoints, { protocol: 'UDP', key: 'IPv4 default/dns:dns/UDP', ...changes });
}

async function start(relay: Relay, within = context()): Promise<UdpRelay> {
  const running = new UdpRelay(relay, within);
  open.push(running);
  expect(await running.update(relay)).toEqual([]);
  return running;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function happened(event: RelayEvent['event']): readonly RelayEvent[] {
  return events.filter((each) => each.event === event);
}

describe('datagrams', () => {
  it.each([0, 1, 9000, 65_507])('of %i bytes go there and back whole', async (size) => {
    const endpoint = (await peer()).answer();
    await start(aUdpRelay([endpoint.endpoint]));
    const text = 'x'.repeat(size);
    expect((await (await peer()).ask(text, port)) === text).toBe(true);
  });

  it('keep their order, from the first on', async () => {
    const endpoint = (await peer()).answer();
    await start(aUdpRelay([endpoint.endpoint]));
    const client = await peer();
    const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
    for (const text of texts) void client.send(text, port);
    expect(await client.got(texts.length)).toEqual(texts);
  });

  it('go over IPv6', async () => {
    const endpoint = (await peer('::1')).answer();
    await start(
      aUdpRelay([], {
        family: 'IPv6',
        listeners: [{ ip: '::', port, endpoints: [endpoint.endpoint] }],
        usable: [endpoint.endpoint.text],
      }),
    );
    expect(await (await peer('::1')).ask('six', port, '::1')).toBe('six');
  });

  it('of each client come from a socket of its own, and its answers go to it alone', async () => {
    const endpoint = (await peer()).answer();
    const relay = await start(aUdpRelay([endpoint.endpoint]));
    const clients = await Promise.all(['a', 'b', 'c'].map(() => peer()));
    const answers = await Promise.all(clients.map((client, index) => client.ask(`${index}`, port)));
    expect(answers).toEqual(['0', '1', '2']);
    expect(new Set(endpoint.senders).size).toBe(3);
    expect(clients.map(({ received }) => received.length)).toEqual([1, 1, 1]);
    expect(relay.openCount).toBe(3);
  });

  it('of one client go to one endpoint, of many to all in turn', async () => {
    const endpoints = [(await peer()).answer('a'), (await peer()).answer('b')];
    await start(aUdpRelay(endpoints.map(({ endpoint }) => endpoint)));
    const clients = await Promise.all([peer(), peer(), peer(), peer()]);
    const answers: string[] = [];
    for (const client of clients) {
      const first = await client.ask('', port);
      expect(await client.ask('', port)).toBe(first);
      answers.push(first);
    }
    expect(answers.sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('of one address go to one endpoint with affinity, even before it has answered', async () => {
    const endpoints = [await peer(), await peer(), await peer()];
    await start(
      aUdpRelay(
        endpoints.map(({ endpoint }) => endpoint),
        { affinityMs: 60_000 },
      ),
    );
    for (const client of await Promise.all([peer(), peer(), peer(), peer()])) await client.send('x', port);
    await vi.waitFor(() =>
      expect(endpoints.map(({ received }) => received.length).sort()).toEqual([0, 0, 4]),
    );
  });
});

describe('idle flows', () => {
  it.each([
    { stage: 'unanswered', limits: { udpUnansweredMs: 50 }, turns: 0 },
    { stage: 'answered once', limits: { udpAnsweredMs: 50 }, turns: 1 },
    { stage: 'a stream', limits: { udpStreamMs: 50 }, turns: 2 },
  ])('end, $stage', async ({ limits, turns }) => {
    const endpoint = await peer();
    if (turns > 0) endpoint.answer();
    const relay = await start(aUdpRelay([endpoint.endpoint]), context({}, limits));
    const client = await peer();
    if (turns === 0) await client.send('x', port);
    for (let turn = 0; turn < turns; turn++) await client.ask('x', port);
    await vi.waitFor(() => expect(happened('ended')).toHaveLength(1));
    expect(relay.openCount).toBe(0);
    expect(happened('ended')).toEqual([{ event: 'ended', key: relay.key, why: 'idle' }]);
  });

  it('stay that have come further', async () => {
    const endpoint = (await peer()).answer();
    const relay = await start(
      aUdpRelay([endpoint.endpoint]),
      context({}, { udpUnansweredMs: 300, udpAnsweredMs: 300 }),
    );
    const [stream, single] = [await peer(), await peer()];
    await stream.ask('x', port);
    await stream.ask('x', port);
    await single.ask('x', port);
    await vi.waitFor(() => expect(relay.openCount).toBe(1));
    expect(await stream.ask('y', port)).toBe('y');
    expect(new Set(endpoint.senders).size).toBe(2);
  });

  it('leave nothing behind, of 10,000', { timeout: 60_000 }, async () => {
    const count = 10_000;
    const sink = await peer();
    const relay = await start(aUdpRelay([sink.endpoint]), context({}, { udpUnansweredMs: 4000 }));
    const before = descriptors();
    for (let each = 0; each < count; each++) {
      await using client = await UdpPeer.open('127.0.0.2', 20_000 + each);
      await client.send('x', port);
      // The relay runs in this thread too, and its buffer is finite.
      if (each % 100 === 0) await nextTurn();
    }
    await vi.waitFor(() => expect(happened('connected')).toHaveLength(count), { timeout: 20_000 });
    await vi.waitFor(() => expect(relay.openCount).toBe(0), { timeout: 20_000 });
    expect(happened('ended')).toHaveLength(count);
    expect(descriptors()).toBe(before);
  });
});

describe('an endpoint that refuses', () => {
  const refusing = async () => {
    const gone = await peer();
    const { endpoint } = gone;
    gone.close();
    return endpoint;
  };

  it('is passed over with the same datagrams', async () => {
    const gone = await refusing();
    const there = (await peer()).answer('there ');
    await start(aUdpRelay([gone, there.endpoint]));
    const clients = await Promise.all([peer(), peer()]);
    for (const client of clients) {
      void client.send('1', port);
      void client.send('2', port);
      expect(await client.got(2)).toEqual(['there 1', 'there 2']);
    }
    expect(happened('attempt-failed')).toEqual([
      { event: 'attempt-failed', key: 'IPv4 default/dns:dns/UDP', endpoint: gone.text, why: 'ECONNREFUSED' },
    ]);
  });

  it('ends the flow when all do, after four at most', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, refusing));
    const relay = await start(aUdpRelay(all));
    const client = await peer();
    await client.send('x', port);
    await vi.waitFor(() => expect(happened('unserved')).toHaveLength(1));
    expect(happened('unserved')).toEqual([{ event: 'unserved', key: relay.key, attempts: 4 }]);
    expect(
      new Set(happened('attempt-failed').map((event) => 'endpoint' in event && event.endpoint)).size,
    ).toBe(4);
    expect(relay.openCount).toBe(0);
  });

  it('after answers ends the flow; the next datagram goes elsewhere', async () => {
    const endpoints = [(await peer()).answer('a'), (await peer()).answer('b')];
    const relay = await start(aUdpRelay(endpoints.map(({ endpoint }) => endpoint)));
    const client = await peer();
    const first = await client.ask('', port);
    const [own, other] = first === 'a' ? endpoints : endpoints.toReversed();
    own?.close();
    await client.send('lost', port);
    await vi.waitFor(() => expect(relay.openCount).toBe(0));
    expect(await client.ask('x', port)).toBe(first === 'a' ? 'bx' : 'ax');
    expect(other?.received.at(-1)).toBe('x');
  });

  it('does not disturb other clients', async () => {
    const gone = await refusing();
    const there = (await peer()).answer();
    await start(aUdpRelay([gone, there.endpoint]));
    const clients = await Promise.all(Array.from({ length: 20 }, () => peer()));
    const answers = await Promise.all(clients.map((client, index) => client.ask(`${index}`, port)));
    expect(answers).toEqual(clients.map((_, index) => `${index}`));
  });
});

describe('descriptors', () => {
  it('come from the flow that has been idle for longest', async () => {
    const endpoint = (await peer()).answer();
    const budget = new SharedDescriptorBudget(allocateBudget(2, 1), 0);
    const relay = await start(aUdpRelay([endpoint.endpoint]), context({ descriptors: budget }));
    const [one, two, three] = [await peer(), await peer(), await peer()];
    await one.ask('x', port);
    await two.ask('x', port);
    await one.ask('x', port);
    expect(await three.ask('three', port)).toBe('three');
    expect(happened('ended')).toEqual([{ event: 'ended', key: relay.key, why: 'evicted' }]);
    await one.ask('x', port);
    expect(happened('ended')).toHaveLength(1);
    expect(relay.openCount).toBe(2);
  });

  it('are missed aloud where no flow can give way', async () => {
    const endpoint = await peer();
    const budget = new SharedDescriptorBudget(allocateBudget(0, 1), 0);
    const relay = await start(aUdpRelay([endpoint.endpoint]), context({ descriptors: budget }));
    await (await peer()).send('x', port);
    await vi.waitFor(() => expect(events).toEqual([{ event: 'no-descriptor', key: relay.key }]));
    expect(endpoint.received).toEqual([]);
  });

  it('are all given back in the end', async () => {
    const endpoint = (await peer()).answer();
    const before = descriptors();
    const budget = new SharedDescriptorBudget(allocateBudget(1, 1), 0);
    const relay = await start(aUdpRelay([endpoint.endpoint]), context({ descriptors: budget }));
    await using client = await UdpPeer.open();
    await client.ask('x', port);
    expect(budget.take(1)).toBe(false);
    await relay.close();
    client.close();
    expect(budget.take(1)).toBe(true);
    expect(descriptors()).toBe(before);
  });
});

describe('update', () => {
  it('ends the flows of endpoints that are no longer usable, at once', async () => {
    const [old, next] = [(await peer()).answer('old '), (await peer()).answer('new ')];
    const relay = await start(aUdpRelay([old.endpoint]));
    const client = await peer();
    expect(await client.ask('1', port)).toBe('old 1');
    await relay.update(aUdpRelay([next.endpoint], { usable: [old.endpoint.text, next.endpoint.text] }));
    expect(await client.ask('2', port)).toBe('old 2');
    await relay.update(aUdpRelay([next.endpoint]));
    expect(relay.openCount).toBe(0);
    expect(await client.ask('3', port)).toBe('new 3');
  });

  it('passes on what an endpoint that is gone has been asked for, and asks it no more', async () => {
    const [old, next] = [await peer(), (await peer()).answer('new ')];
    const relay = await start(aUdpRelay([old.endpoint]));
    const client = await peer();
    await client.send('1', port);
    await old.got(1);
    await relay.update(aUdpRelay([next.endpoint]));
    expect(await client.ask('2', port)).toBe('new 2');
    const [sender = ''] = old.senders;
    await old.send('old 1', Number(sender.split(':')[1]));
    expect(await client.got(2)).toEqual(['new 2', 'old 1']);
    expect(relay.openCount).toBe(1);
    expect(await client.ask('3', port)).toBe('new 3');
    expect(old.received).toEqual(['1']);
  });

  it('ends the flows of a listener that is gone, and keeps those of others', async () => {
    const endpoint = (await peer()).answer();
    const otherPort = await freeUdpPort();
    const { endpoint: target } = endpoint;
    const listeners = [port, otherPort].map((each) => ({ ip: '127.0.0.1', port: each, endpoints: [target] }));
    const relay = await start(aUdpRelay([target], { listeners }));
    const client = await peer();
    await client.ask('1', port);
    await client.ask('2', otherPort);
    const [, sender] = endpoint.senders;
    await relay.update(aUdpRelay([target], { listeners: listeners.slice(1) }));
    expect(relay.openCount).toBe(1);
    await client.ask('3', otherPort);
    expect(endpoint.senders[2]).toBe(sender);
    await peer('127.0.0.1', port);
  });

  it('tells which port somebody else has, and opens the others', async () => {
    const other = await peer();
    const endpoint = (await peer()).answer();
    const { endpoint: target } = endpoint;
    const taken = other.endpoint.port;
    const listeners = [taken, port].map((each) => ({ ip: '127.0.0.1', port: each, endpoints: [target] }));
    const relay = new UdpRelay(aUdpRelay([target]), context());
    open.push(relay);
    const failures = await relay.update(aUdpRelay([target], { listeners }));
    expect(failures).toMatchObject([
      {
        key: relay.key,
        ip: '127.0.0.1',
        port: taken,
        error: { operation: 'listen', object: `UDP 127.0.0.1:${taken}`, errno: constants.errno.EADDRINUSE },
      },
    ]);
    expect(await (await peer()).ask('x', port)).toBe('x');
    other.close();
    expect(await relay.update(aUdpRelay([target], { listeners }))).toEqual([]);
  });

  it('tells the address that this machine does not have', async () => {
    const relay = new UdpRelay(aUdpRelay([]), context());
    const listeners = [{ ip: '192.0.2.1', port, endpoints: [] }];
    const failures = await relay.update(aUdpRelay([], { listeners }));
    expect(failures.map(({ error }) => error.errno)).toEqual([constants.errno.EADDRNOTAVAIL]);
  });
});

it('opens a listener again that failed, and keeps its flows', async () => {
  const endpoint = (await peer()).answer();
  const sockets: Socket[] = [];
  const relay = new UdpRelay(aUdpRelay([endpoint.endpoint]), context(), async (place) => {
    const socket = await listenUdp('IPv4', place, false);
    sockets.push(socket);
    return socket;
  });
  open.push(relay);
  await relay.update(aUdpRelay([endpoint.endpoint]));
  const client = await peer();
  await client.ask('1', port);
  sockets[0]?.emit('error', new Error('recvmsg EIO'));
  await vi.waitFor(() => expect(sockets).toHaveLength(2));
  expect(await client.ask('2', port)).toBe('2');
  expect(new Set(endpoint.senders).size).toBe(1);
  expect(happened('listener-lost')).toEqual([{ event: 'listener-lost', key: relay.key, why: 'recvmsg EIO' }]);
});

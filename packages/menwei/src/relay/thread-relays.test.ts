import { aRelay } from '@menwei/testing/relay/testing.ts';
import { freeUdpPort, UdpPeer } from '@menwei/testing/relay/udp-testing.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Relay } from './contract.ts';
import { allocateBudget, SharedDescriptorBudget } from './descriptor-budget.ts';
import { ThreadRelays } from './thread-relays.ts';

const DESCRIPTORS = 10;

let budget: SharedDescriptorBudget;
let relays: ThreadRelays;
let endpoint: UdpPeer;
let client: UdpPeer;

beforeEach(async () => {
  budget = new SharedDescriptorBudget(allocateBudget(DESCRIPTORS, 1), 0);
  const limitMs = 60_000;
  relays = new ThreadRelays({
    limits: {
      drainMs: limitMs,
      idleMs: limitMs,
      halfClosedMs: limitMs,
      udpStreamMs: limitMs,
      udpUnansweredMs: limitMs,
      udpAnsweredMs: limitMs,
    },
    descriptors: budget,
    report: () => undefined,
    random: () => 0.5,
    sharesPorts: false,
  });
  endpoint = (await UdpPeer.open()).answer();
  client = await UdpPeer.open();
});

afterEach(async () => {
  await relays.close();
  endpoint.close();
  client.close();
});

function aUdpRelay(key: string, ...ports: readonly number[]): Relay {
  const endpoints = [endpoint.endpoint];
  const listeners = ports.map((port) => ({ ip: '127.0.0.1', port, endpoints }));
  return aRelay(0, endpoints, { key, protocol: 'UDP', listeners });
}

/** How many descriptors there are to be had. */
function free(): number {
  for (let count = DESCRIPTORS; count > 0; count--) {
    if (!budget.take(count)) continue;
    budget.give(count);
    return count;
  }
  return 0;
}

it('lets a relay have the port of one that goes with it', async () => {
  const port = await freeUdpPort();
  await relays.apply(new Map([['a', aUdpRelay('a', port)]]));
  const changes = new Map([
    ['b', aUdpRelay('b', port)],
    ['a', undefined],
  ]);
  expect(await relays.apply(changes)).toEqual([]);
  expect(await client.ask('x', port)).toBe('x');
});

it('counts what is open, and the descriptors of listeners too', async () => {
  const ports = [await freeUdpPort(), endpoint.endpoint.port, await freeUdpPort()];
  const failures = await relays.apply(new Map([['a', aUdpRelay('a', ...ports)]]));
  expect(failures.map(({ port }) => port)).toEqual([endpoint.endpoint.port]);
  expect(free()).toBe(DESCRIPTORS - 2);
  await client.ask('x', ports[0] ?? 0);
  expect([relays.openCounts(), free()]).toEqual([{ connections: 0, flows: 1 }, DESCRIPTORS - 3]);
  await relays.apply(new Map([['a', aUdpRelay('a', ...ports.slice(0, 1))]]));
  expect(free()).toBe(DESCRIPTORS - 2);
  await relays.close();
  expect([relays.openCounts(), free()]).toEqual([{ connections: 0, flows: 0 }, DESCRIPTORS]);
});

it('lets a relay that trips over a bug cost itself alone', async () => {
  const port = await freeUdpPort();
  const changes = new Map([
    ['bad', aRelay(70_000, [endpoint.endpoint], { key: 'bad' })],
    ['good', aUdpRelay('good', port)],
  ]);
  expect(await relays.apply(changes)).toMatchObject([
    { key: 'bad', port: 70_000, error: { message: expect.stringMatching(/70000/) } },
  ]);
  expect(await client.ask('x', port)).toBe('x');
});

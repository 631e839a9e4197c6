import { aRelay, aRelayEndpoint } from '@menwei/testing/relay/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AVOIDED_MS, Balancer } from './balancer.ts';
import type { Relay } from './contract.ts';

const PODS = [1, 2, 3, 4].map((number) => aRelayEndpoint(`10.0.0.${number}`, 80));
const CLIENT = '192.0.2.1';
const PORT = 30_000;

function pod(number: number) {
  const endpoint = PODS[number - 1];
  if (endpoint === undefined) throw new Error(`BUG: no pod ${number}`);
  return endpoint;
}

/** Leaves the order as it is. */
const HIGHEST = () => 0.999;

function over(pods: readonly number[], changes: Partial<Relay> = {}): Balancer {
  return new Balancer(relayOf(pods, changes), HIGHEST);
}

function relayOf(pods: readonly number[], changes: Partial<Relay> = {}): Relay {
  return aRelay(PORT, pods.map(pod), changes);
}

function order(balancer: Balancer, nowMs = 0, client = CLIENT, port = PORT): string {
  return Array.from(balancer.order(port, client, nowMs), ({ ip }) => ip.slice(-1)).join('');
}

function first(balancer: Balancer, nowMs = 0, client = CLIENT, port = PORT): string | undefined {
  for (const { ip } of balancer.order(port, client, nowMs)) return ip.slice(-1);
  return undefined;
}

const STICKY = { affinityMs: 10_000 };

describe('Balancer', () => {
  it('offers each endpoint once', () => {
    expect(order(over([1, 2, 3]))).toBe('123');
  });

  it('has nobody for a port without listener', () => {
    expect(order(over([1, 2]), 0, CLIENT, 1)).toBe('');
  });

  it('gives turns only to those that are asked for', () => {
    const balancer = over([1, 2, 3]);
    expect([1, 2, 3, 4].map(() => first(balancer))).toEqual(['1', '2', '3', '1']);
  });

  it('offers an endpoint that failed last, until its time is over', () => {
    const balancer = over([1, 2, 3]);
    balancer.failed(pod(1), 0);
    expect(order(balancer, AVOIDED_MS - 1)).toBe('231');
    expect(order(balancer, AVOIDED_MS)).toBe('231');
    expect(first(balancer, AVOIDED_MS)).toBe('2');
    expect(first(balancer, AVOIDED_MS)).toBe('3');
    expect(first(balancer, AVOIDED_MS)).toBe('1');
  });

  it('offers an endpoint as before when it has answered again', () => {
    const balancer = over([1, 2]);
    balancer.failed(pod(1), 0);
    balancer.succeeded(pod(1), CLIENT, 1);
    expect(first(balancer, 2)).toBe('1');
  });

  it('goes on with the endpoints that are there now', () => {
    const balancer = over([1, 2, 3]);
    const offers = balancer.order(PORT, CLIENT, 0);
    expect(offers.next().value).toBe(pod(1));
    balancer.update(relayOf([1, 4]));
    expect([...offers]).toEqual([pod(4)]);
  });

  it('leaves a client where it is, if it is asked to', () => {
    const balancer = over([1, 2, 3], STICKY);
    balancer.succeeded(pod(3), CLIENT, 0);
    expect(order(balancer, 9999)).toBe('312');
    expect(first(balancer, 9999, '192.0.2.2')).toBe('3');
    expect(first(balancer, 10_000)).toBe('1');
  });

  it('leaves nobody where it is otherwise', () => {
    const balancer = over([1, 2, 3]);
    balancer.succeeded(pod(3), CLIENT, 0);
    expect(first(balancer)).toBe('1');
  });

  it('does not offer a client its endpoint first that failed lately', () => {
    const balancer = over([1, 2, 3], STICKY);
    balancer.succeeded(pod(1), CLIENT, 0);
    balancer.failed(pod(1), 1);
    expect(order(balancer, 2)).toBe('231');
  });

  it.each([
    { change: 'another endpoint goes', next: [1, 3], expected: '3' },
    { change: 'an endpoint comes', next: [1, 2, 3, 4], expected: '3' },
    { change: 'its endpoint goes', next: [1, 2], expected: '1' },
  ])('$change: the client gets $expected', ({ next, expected }) => {
    const balancer = over([1, 2, 3], STICKY);
    balancer.succeeded(pod(3), CLIENT, 0);
    balancer.update(relayOf(next, STICKY));
    expect(first(balancer)).toBe(expected);
  });

  it('forgets whose endpoint went, even if that comes back', () => {
    const balancer = over([1, 2, 3], STICKY);
    balancer.succeeded(pod(3), CLIENT, 0);
    for (const pods of [
      [1, 2],
      [1, 2, 3],
    ])
      balancer.update(relayOf(pods, STICKY));
    expect(first(balancer)).toBe('1');
  });

  it('remembers nobody for an endpoint that went while it was being dialed', () => {
    const balancer = over([1, 2, 3], STICKY);
    balancer.update(relayOf([1, 2], STICKY));
    balancer.succeeded(pod(3), CLIENT, 0);
    balancer.update(relayOf([1, 2, 3], STICKY));
    expect(first(balancer)).toBe('1');
  });

  it('keeps a client at its endpoint by either way in that has it', () => {
    const [cluster, local] = [31_000, 31_001];
    const relay = relayOf([1, 2, 3], {
      ...STICKY,
      listeners: [
        { ip: '0.0.0.0', port: cluster, endpoints: [pod(1), pod(2), pod(3)] },
        { ip: '0.0.0.0', port: local, endpoints: [pod(2), pod(3)] },
      ],
    });
    const balancer = new Balancer(relay, HIGHEST);
    balancer.succeeded(pod(3), CLIENT, 0);
    balancer.succeeded(pod(1), '192.0.2.2', 0);
    const atBoth = (client: string) => [cluster, local].map((port) => first(balancer, 1, client, port));
    expect(atBoth(CLIENT)).toEqual(['3', '3']);
    expect(atBoth('192.0.2.2')).toEqual(['1', '2']);
  });

  it('offers each endpoint once and as often as any other, those that failed excepted', () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      rounds: fc.integer({ min: 1, max: 5 }),
      failed: fc.uniqueArray(fc.nat(11), { maxLength: 4 }),
      chances: fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
    });
    fc.assert(
      fc.property(cases, ({ count, rounds, failed, chances }) => {
        const pods = Array.from({ length: count }, (_, number) => aRelayEndpoint(`10.0.1.${number}`, 80));
        const balancer = new Balancer(aRelay(PORT, pods), () => chances.next().value ?? 0);
        for (const [number, endpoint] of pods.entries())
          if (failed.includes(number)) balancer.failed(endpoint, 0);
        const good = pods.filter((_, number) => !failed.includes(number));
        const picks = Array.from(
          { length: good.length * rounds },
          () => balancer.order(PORT, CLIENT, 1).next().value,
        );
        for (const endpoint of good) expect(picks.filter((pick) => pick === endpoint)).toHaveLength(rounds);
        const all = Array.from(balancer.order(PORT, CLIENT, 1), ({ text }) => text);
        expect(all.toSorted()).toEqual(pods.map(({ text }) => text).toSorted());
        expect(new Set(all.slice(0, good.length))).toEqual(new Set(good.map(({ text }) => text)));
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { formatDownList, parseDownList } from './down-list.ts';
import { Peers } from './peers.ts';
import { CheckerChoice, type CheckerNode } from './rendezvous.ts';

const nodes = (count: number, zones = 1): readonly CheckerNode[] =>
  Array.from({ length: count }, (_, index) => ({ name: `node-${index}`, zone: `z${index % zones}` }));
const endpoints = Array.from(
  { length: 2_000 },
  (_, index) => `ns/web/tcp 10.0.${index >> 8}.${index & 255}:80`,
);

const checkersOf = (endpoint: string, among: readonly CheckerNode[]) =>
  new CheckerChoice(among).checkersOf(endpoint);

describe('checkersOf', () => {
  it('gives each endpoint three nodes, the same in whatever order, and each node its share', () => {
    const all = nodes(20);
    const loads = new Map<string, number>();
    for (const endpoint of endpoints) {
      const checkers = checkersOf(endpoint, all);
      expect(new Set(checkers).size).toBe(3);
      expect(checkersOf(endpoint, all.toReversed())).toEqual(checkers);
      for (const node of checkers) loads.set(node, (loads.get(node) ?? 0) + 1);
    }
    for (const load of loads.values()) {
      expect(load).toBeGreaterThan(300 * 0.75);
      expect(load).toBeLessThan(300 * 1.25);
    }
  });

  it('changes for an endpoint only with one of its own nodes', () => {
    const all = nodes(20);
    const fewer = all.filter(({ name }) => name !== 'node-7');
    for (const endpoint of endpoints.slice(0, 200)) {
      const [before, after] = [checkersOf(endpoint, all), checkersOf(endpoint, fewer)];
      expect(after.slice(0, 2)).toEqual(before.filter((name) => name !== 'node-7').slice(0, 2));
    }
  });

  it('takes nodes of different zones', () => {
    const all = nodes(21, 3);
    const zoneOf = new Map(all.map(({ name, zone }) => [name, zone]));
    for (const endpoint of endpoints.slice(0, 200))
      expect(new Set(checkersOf(endpoint, all).map((name) => zoneOf.get(name))).size).toBe(3);
  });

  it('does with fewer nodes', () => {
    expect(checkersOf('a b', nodes(2))).toHaveLength(2);
    expect(checkersOf('a b', [])).toEqual([]);
  });
});

describe('the list of what is down', () => {
  it('is read as it was written', () => {
    const { text, isCut } = formatDownList([
      'ns/b/tcp [fd00::1]:80',
      'ns/a/http 10.0.0.1:8080',
      'ns/b/tcp 10.0.0.2:80',
    ]);
    expect(text).toBe('ns/a/http 10.0.0.1:8080;ns/b/tcp 10.0.0.2:80 [fd00::1]:80');
    expect(isCut).toBe(false);
    expect([...parseDownList(text)].sort()).toEqual([
      'ns/a/http 10.0.0.1:8080',
      'ns/b/tcp 10.0.0.2:80',
      'ns/b/tcp [fd00::1]:80',
    ]);
    expect(parseDownList('').size).toBe(0);
  });

  it('never is longer than an annotation may be', () => {
    const many = Array.from(
      { length: 30_000 },
      (_, index) => `ns/s${index % 700}/tcp 10.1.${index >> 8}.${index & 255}:8080`,
    );
    const { text, isCut } = formatDownList(many);
    expect(isCut).toBe(true);
    expect(text.length).toBeLessThanOrEqual(200_000);
    expect(parseDownList(text).size).toBeGreaterThan(5_000);
  });
});

describe('what is known of other nodes', () => {
  const lease = (node: string, renewTimeMs: number, down = '') => ({ node, zone: '', renewTimeMs, down });

  it('ends when they fall silent, as long as this node hears others', () => {
    const peers = new Peers(30_000);
    peers.connected(0);
    peers.put(lease('a', 1), 0);
    peers.put(lease('b', 1), 0);
    for (let nowMs = 0; nowMs <= 40_000; nowMs += 10_000) {
      peers.connected(nowMs);
      peers.put(lease('a', nowMs), nowMs);
      peers.put(lease('b', 1), nowMs);
    }
    expect(peers.live(40_000).map(({ name }) => name)).toEqual(['a']);
  });

  it('is kept while this node hears nobody, and a while after', () => {
    const peers = new Peers(30_000);
    peers.connected(0);
    peers.put(lease('a', 1), 0);
    expect(peers.isConnected(29_000)).toBe(true);
    expect(peers.isConnected(31_000)).toBe(false);
    expect(peers.live(500_000)).toHaveLength(1);
    peers.connected(600_000);
    expect(peers.live(620_000)).toHaveLength(1);
    peers.connected(625_000);
    expect(peers.live(640_000)).toHaveLength(0);
  });

  it('says which endpoints it is about', () => {
    const peers = new Peers(30_000);
    expect(peers.put(lease('a', 1, 'ns/w/tcp 10.0.0.1:80 10.0.0.2:80'), 0)).toHaveLength(2);
    expect(peers.put(lease('a', 2, 'ns/w/tcp 10.0.0.1:80'), 0)).toEqual(['ns/w/tcp 10.0.0.2:80']);
    expect(peers.put(lease('a', 3, 'ns/w/tcp 10.0.0.1:80'), 0)).toEqual([]);
    expect(peers.saysDown('a', 'ns/w/tcp 10.0.0.1:80')).toBe(true);
    expect(peers.saysDown('b', 'ns/w/tcp 10.0.0.1:80')).toBe(false);
  });
});

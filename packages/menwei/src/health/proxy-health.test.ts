import { aNode } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { isNodeEligible, ProxyHealth } from './proxy-health.ts';

describe('ProxyHealth', () => {
  it('is healthy while no family is known', () => {
    const health = new ProxyHealth(60_000);
    health.queued('IPv4', 0);
    expect(health.report(100_000)).toEqual({ healthy: true, lastUpdatedMs: undefined, families: new Map() });
  });

  it('is healthy while nothing is asked of it', () => {
    const health = new ProxyHealth(60_000);
    health.updated('IPv4', 0);
    expect(health.healthy(10_000_000)).toBe(true);
  });

  it('turns unhealthy when a request waits for the whole timeout, counted from the oldest', () => {
    const health = new ProxyHealth(60_000);
    health.updated('IPv4', 0);
    health.queued('IPv4', 1000);
    health.queued('IPv4', 50_000);
    expect([60_999, 61_000].map((nowMs) => health.healthy(nowMs))).toEqual([true, false]);
    health.syncing('IPv4');
    health.updated('IPv4', 70_000);
    expect(health.healthy(200_000)).toBe(true);
  });

  it('measures waits by its clock, also when the time of day is set', () => {
    let clockMs = 0;
    const health = new ProxyHealth(60_000, () => clockMs);
    health.started('IPv4', 1_000_000);
    health.syncing('IPv4');
    health.updated('IPv4', 1_000_000);
    health.queued('IPv4', 1_000_000);
    clockMs = 59_999;
    expect([0, 1_000_000_000].map((nowMs) => health.healthy(nowMs))).toEqual([true, true]);
    clockMs = 60_000;
    expect([0, 1_000_000_000].map((nowMs) => health.healthy(nowMs))).toEqual([false, false]);
  });

  it('turns unhealthy when the first sync does not come, however often the loop is started', () => {
    const health = new ProxyHealth(60_000);
    health.started('IPv4', 1000);
    health.started('IPv4', 50_000);
    expect(health.report(60_999)).toEqual({
      healthy: true,
      lastUpdatedMs: 1000,
      families: new Map([['IPv4', { lastUpdatedMs: 1000, healthy: true }]]),
    });
    expect(health.healthy(61_000)).toBe(false);
    health.syncing('IPv4');
    health.updated('IPv4', 62_000);
    health.started('IPv4', 63_000);
    expect(health.healthy(200_000)).toBe(true);
  });

  it('keeps in mind what was requested while a sync was under way', () => {
    const health = new ProxyHealth(60_000);
    health.started('IPv4', 0);
    health.syncing('IPv4');
    health.queued('IPv4', 2000);
    health.updated('IPv4', 5000);
    expect([61_999, 62_000].map((nowMs) => health.healthy(nowMs))).toEqual([true, false]);
    health.syncing('IPv4');
    health.updated('IPv4', 63_000);
    expect(health.healthy(200_000)).toBe(true);
  });

  it('is as healthy as the worse family', () => {
    const health = new ProxyHealth(60_000);
    health.updated('IPv6', 5);
    health.updated('IPv4', 7);
    health.queued('IPv6', 10);
    expect(health.report(70_000)).toEqual({
      healthy: false,
      lastUpdatedMs: 7,
      families: new Map([
        ['IPv4', { lastUpdatedMs: 7, healthy: true }],
        ['IPv6', { lastUpdatedMs: 5, healthy: false }],
      ]),
    });
  });
});

describe('isNodeEligible', () => {
  const node = aNode();

  it.each([
    ['an unknown node', undefined, false],
    ['a node', node, true],
    ['a node under deletion', { ...node, deleting: true }, false],
    ['a node with the taint', { ...node, taintKeys: ['ToBeDeletedByClusterAutoscaler'] }, false],
    ['a cordoned node', { ...node, taintKeys: ['node.kubernetes.io/unschedulable'] }, true],
  ])('%s', (_name, candidate, eligible) => {
    expect(isNodeEligible(candidate)).toBe(eligible);
  });
});

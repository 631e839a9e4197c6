import { gratuitous } from '@menwei/neighbor/announcing.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSegment } from './segment.ts';
import { SegmentHost } from './segment-host.ts';
import { SegmentNode } from './segment-node.ts';
import { describeSpeaker, type SpeakerScene } from './speaker-laws.ts';

const MAC = '02:00:00:00:00:01';
const STRANGER = '02:00:00:00:00:aa';
const VIP = '192.0.2.100';

describeSpeaker('a segment in memory', async (): Promise<SpeakerScene> => {
  const segment = new FakeSegment();
  const node = new SegmentNode(segment, 'node', { mac: MAC, linkLocal: 'fe80::ff:fe00:1' });
  const heard: NeighborMessage[] = [];
  const stranger = {
    name: 'stranger',
    accepts: () => true,
    hear: (message: NeighborMessage) => heard.push(message),
  };
  const membership = segment.join(stranger);
  return {
    speaker: node.speaker,
    mac: MAC,
    linkLocal: 'fe80::ff:fe00:1',
    stranger: { mac: STRANGER, heard, send: (message) => segment.send(stranger, message) },
    setCarrier: (isThere) => node.wire.change({ unusable: isThere ? undefined : 'it has no carrier' }),
    rename: (name) => node.wire.change({ name }),
    setMac: (mac) => node.wire.change({ mac }),
    async [Symbol.asyncDispose]() {
      node[Symbol.dispose]();
      membership[Symbol.dispose]();
    },
  };
});

describe('over time', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it('the neighbours are told seven times in five seconds, and every minute after that', () => {
    const segment = new FakeSegment();
    using node = new SegmentNode(segment, 'node', { mac: MAC });
    node.speaker.apply([{ address: VIP, interfaces: ['eth0'] }]);
    vi.advanceTimersByTime(130_000);
    const requests = segment.sent.filter(({ message }) => message.kind === 'arp-request');
    expect(requests.map(({ atMs }) => atMs)).toEqual([
      0, 100, 500, 1_100, 2_200, 3_300, 5_000, 65_000, 125_000,
    ]);
    expect(segment.sent).toHaveLength(2 * requests.length);
  });

  it('what has gone deaf is found within a second, and made good', () => {
    const segment = new FakeSegment();
    using node = new SegmentNode(segment, 'node', { mac: MAC });
    using host = new SegmentHost(segment, 'host', { mac: STRANGER });
    node.speaker.apply([{ address: VIP, interfaces: ['eth0'] }]);
    node.wire.breakPorts(new Error('the network is down'));
    expect(node.speaker.observe()).toMatchObject([{ isAnswering: false, reason: 'the network is down' }]);
    vi.advanceTimersByTime(1_000);
    expect(node.speaker.observe()).toMatchObject([{ isAnswering: true, reason: undefined }]);
    host.ask(VIP);
    vi.advanceTimersByTime(10);
    expect(host.neighbours.get(VIP)).toBe(MAC);
  });

  it('what cannot be made good is tried each second, and says why', () => {
    const segment = new FakeSegment();
    using node = new SegmentNode(segment, 'node', { mac: MAC });
    node.wire.refusal = new Error('open socket: operation not permitted (EPERM)');
    node.speaker.apply([{ address: VIP, interfaces: ['eth0'] }]);
    vi.advanceTimersByTime(3_000);
    expect(node.speaker.observe()).toMatchObject([
      { isAnswering: false, reason: 'open socket: operation not permitted (EPERM)', gratuitous: 0 },
    ]);
    node.wire.refusal = undefined;
    vi.advanceTimersByTime(1_000);
    expect(node.speaker.observe()).toMatchObject([{ isAnswering: true, gratuitous: 1 }]);
  });

  it('IPv6 waits for an address to speak from', () => {
    const segment = new FakeSegment();
    using node = new SegmentNode(segment, 'node', { mac: MAC, linkLocal: undefined });
    node.speaker.apply([{ address: '2001:db8::100', interfaces: ['eth0'] }]);
    vi.advanceTimersByTime(5_000);
    expect(segment.sent).toEqual([]);
    expect(node.speaker.observe()).toMatchObject([
      { isAnswering: false, reason: 'it has no link-local IPv6 address yet that is its own for certain' },
    ]);
    node.wire.change({ linkLocal: 'fe80::7' });
    expect(segment.sent.map(({ message }) => message)).toEqual(
      gratuitous('2001:db8::100', { mac: MAC, linkLocal: 'fe80::7' }),
    );
  });

  it('an interface that went and is another now is spoken through again', () => {
    const segment = new FakeSegment();
    using node = new SegmentNode(segment, 'node', { mac: MAC });
    using host = new SegmentHost(segment, 'host', { mac: STRANGER });
    node.speaker.apply([{ address: VIP, interfaces: ['eth0'] }]);
    node.wire.change({ index: 7, mac: '02:00:00:00:00:07' });
    host.ask(VIP);
    vi.advanceTimersByTime(10);
    expect(host.neighbours.get(VIP)).toBe('02:00:00:00:00:07');
  });
});

describe('the segment', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  it('lets nodes hear of each other, unless it is in parts', () => {
    const segment = new FakeSegment({ delayMs: 5 });
    using a = new SegmentNode(segment, 'a', { mac: MAC });
    using b = new SegmentNode(segment, 'b', { mac: '02:00:00:00:00:02' });
    using host = new SegmentHost(segment, 'host', { mac: STRANGER });
    const claims: string[] = [];
    a.speaker.onClaim(({ mac }) => claims.push(mac));
    host.ask(VIP);
    segment.partition(['a', 'host'], ['b']);
    for (const { speaker } of [a, b]) speaker.apply([{ address: VIP, interfaces: ['eth0'] }]);
    vi.advanceTimersByTime(6_000);
    expect([claims, host.neighbours.get(VIP)]).toEqual([[], MAC]);
    segment.heal();
    b.speaker.defend(VIP);
    vi.advanceTimersByTime(5);
    expect(claims).toEqual(['02:00:00:00:00:02', '02:00:00:00:00:02']);
    expect(host.neighbours.get(VIP)).toBe('02:00:00:00:00:02');
  });

  it('may have a machine that has the address', async () => {
    const segment = new FakeSegment();
    using node = new SegmentNode(segment, 'node', { mac: MAC });
    using _host = new SegmentHost(segment, 'host', { mac: STRANGER, ips: [VIP, '2001:db8::100'] });
    for (const ip of [VIP, '2001:db8::100']) {
      const found = node.speaker.probe(
        ip,
        'eth0',
        { count: 3, intervalMs: 200 },
        new AbortController().signal,
      );
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await found).toBe(STRANGER);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEASE_ANNOTATIONS, NODE_LEASE_PREFIX, type NodeAnnouncement } from './node-lease.ts';
import { formatNodeLease, parseNodeLease } from './node-lease-text.ts';

const nodeA: NodeAnnouncement = {
  node: 'node-a',
  interfaces: [
    { name: 'eth0', mac: '02:00:00:00:00:01', onLink: ['192.0.2.0/24', '2001:db8::/64'] },
    { name: 'bond0.7', mac: '02:00:00:00:00:02', onLink: [] },
  ],
  owns: [
    { address: '192.0.2.10', sinceMs: 1_800_000_000_123, interfaces: ['eth0', 'bond0.7'] },
    { address: '2001:db8::10', sinceMs: 1, interfaces: [] },
  ],
  declines: ['192.0.2.11'],
  conflicts: [{ address: '192.0.2.12', mac: '02:00:00:00:00:aa', interface: 'eth0' }],
  isHandingOver: true,
  restartingUntilMs: 1_800_000_010_000,
  startedAtMs: 1_700_000_000_000,
};

const bare: NodeAnnouncement = {
  node: 'node-a',
  ...{ interfaces: [], owns: [], declines: [], conflicts: [] },
  ...{ isHandingOver: false, restartingUntilMs: 0, startedAtMs: 0 },
};

function lease(annotations: Readonly<Record<string, string | null>>, holderIdentity = 'node-a') {
  const texts = Object.entries(annotations).flatMap(([key, text]) =>
    text === null ? [] : [[key, text] as const],
  );
  return { name: `${NODE_LEASE_PREFIX}node-a`, holderIdentity, annotations: new Map(texts) };
}

describe('the Lease of a node', () => {
  it.each([nodeA, bare])('says what was written into it', (announcement) => {
    expect(parseNodeLease(lease(formatNodeLease(announcement)))).toEqual({ announcement, problems: [] });
  });

  it('is nobody’s when nobody holds it, or another than the one whose name it has', () => {
    expect(parseNodeLease(lease({}, '')).announcement).toBeUndefined();
    const { announcement, problems } = parseNodeLease(lease({}, 'node-b'));
    expect([announcement, problems]).toEqual([
      undefined,
      ['holderIdentity: "node-b" is not the node of this Lease'],
    ]);
    const other = { ...lease({}), name: 'menwei-load-balancer' };
    expect(parseNodeLease(other)).toEqual({ announcement: undefined, problems: [] });
  });

  it.each<[string, keyof typeof LEASE_ANNOTATIONS, string, Partial<NodeAnnouncement>, string]>([
    ['an address', 'owns', '192.0.2 2026-01-01T00:00:00Z eth0', {}, '"192.0.2" is not an address'],
    ['a time', 'owns', '192.0.2.1 yesterday eth0', {}, '"yesterday" is not a time'],
    ['no time', 'owns', '192.0.2.1', {}, '"" is not a time'],
    [
      'a day that is none',
      'owns',
      '192.0.2.1 2026-13-01T00:00:00Z eth0',
      {},
      '"2026-13-01T00:00:00Z" is not a',
    ],
    ['an interface', 'owns', '192.0.2.1 2026-01-01T00:00:00Z eth0//eth1', {}, 'is not a list of interfaces'],
    ['a network', 'interfaces', 'eth0 02:00:00:00:00:01 192.0.2.0/33', {}, '"192.0.2.0/33" is not a CIDR'],
    ['a MAC address', 'interfaces', 'eth0 02:00', {}, '"02:00" is not a MAC address'],
    ['a group’s MAC address', 'interfaces', 'eth0 ff:ff:ff:ff:ff:ff', {}, 'is not a MAC address'],
    ['an address of a conflict', 'conflicts', 'x 02:00:00:00:00:01 eth0', {}, '"x" is not an address'],
    ['a declined address', 'declines', '192.0.2.1 192.0.2.2', {}, 'is not an address'],
    ['a hand-over', 'handover', 'yes', { isHandingOver: true }, '"yes" is neither true nor false'],
    ['the end of a restart', 'restartingUntil', 'soon', {}, '"soon" is not a time'],
  ])('gives no more than it says where %s can’t be read', (_what, key, text, said, problem) => {
    const parsed = parseNodeLease(lease({ [LEASE_ANNOTATIONS[key]]: text }));
    expect(parsed.announcement).toEqual({ ...bare, ...said });
    expect(parsed.problems).toHaveLength(1);
    expect(parsed.problems[0]).toContain(problem);
  });

  it('keeps the lines that can be read, and the first of two about one address', () => {
    const owns = '192.0.2.1 2026-01-02T00:00:00Z eth0\nnonsense\n192.0.2.1 2025-01-02T00:00:00Z eth1\n';
    const { announcement, problems } = parseNodeLease(lease({ [LEASE_ANNOTATIONS.owns]: owns }));
    const sinceMs = Date.UTC(2026, 0, 2);
    expect(announcement?.owns).toEqual([{ address: '192.0.2.1', sinceMs, interfaces: ['eth0'] }]);
    expect(problems).toEqual([
      'menwei.dev/owns: line 2: "nonsense" is not an address',
      'menwei.dev/owns: line 3: said before',
    ]);
  });

  it('tells of what can’t be read in a few short lines', () => {
    const owns = Array.from({ length: 1_000 }, (_, index) => `\x1b[31m${index}${'x'.repeat(1_000)}`).join(
      '\n',
    );
    const { problems } = parseNodeLease(lease({ [LEASE_ANNOTATIONS.owns]: owns }));
    expect(problems).toHaveLength(6);
    expect(problems.at(-1)).toBe('and 995 more');
    for (const problem of problems) expect(problem).toMatch(/^[ -~…]{1,200}$/);
  });

  it('claims, whatever its text is, only what a line of it names', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '192.0.2.1',
        '2001:db8::1',
        'eth0',
        '02:00:00:00:00:01',
        '2026-01-01T00:00:00Z',
        ' ',
        '\n',
      ),
    );
    const text = fc.array(line).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(LEASE_ANNOTATIONS)), text, (key, text) => {
        const annotation = Object.entries(LEASE_ANNOTATIONS).find(([name]) => name === key)?.[1] ?? '';
        const { announcement } = parseNodeLease(lease({ [annotation]: text }));
        for (const { address } of announcement?.owns ?? []) expect(text).toContain(address);
        const again = announcement && parseNodeLease(lease(formatNodeLease(announcement)));
        expect(again?.announcement).toEqual(announcement);
      }),
    );
  });
});

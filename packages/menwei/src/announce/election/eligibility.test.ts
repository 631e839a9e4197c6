import { anAdvertisement, anAnnouncedService, anAnnouncer } from '@menwei/testing/announce/election.ts';
import { describe, expect, it } from 'vitest';
import type { L2Advertisement } from '../../kubernetes/load-balancer-objects.ts';
import type { AnnouncingNode, NodeTest } from './announcing-node.ts';
import { type AnnouncedService, Election } from './election.ts';
import { describeFailure } from './eligibility.ts';

const VIP = '192.0.2.10';
const OWNS = { claims: new Map([[VIP, 1]]) };
const LOCAL = { policy: 'Local' } as const;
const EDGE: L2Advertisement = anAdvertisement({
  nodeSelectors: [{ requirements: [{ key: 'edge', operator: 'Exists', values: [] }] }],
});

function judge(service: AnnouncedService, ...nodes: readonly AnnouncingNode[]) {
  const election = new Election({ announcesWithoutEndpoints: false });
  election.putService(service);
  for (const node of nodes) election.putNode(node);
  const { eligible, failures } = election.eligibility(VIP);
  return nodes.map(({ name }) => {
    const failure = failures.get(name);
    return failure === undefined ? eligible.get(name)?.interfaces : failure.test;
  });
}

describe('a node', () => {
  it.each<[string, Partial<AnnouncingNode>, Parameters<typeof anAnnouncedService>[1], NodeTest | string[]]>([
    ['is eligible', {}, {}, ['eth0']],
    [
      'is not when all of it is not',
      { failed: { test: 'NotDeleting', message: 'is being deleted' } },
      {},
      'NotDeleting',
    ],
    ['gets no new address when it is not Ready', { isReady: false }, {}, 'NodeReady'],
    ['keeps its address when it is not Ready', { isReady: false, ...OWNS }, {}, ['eth0']],
    ['is not without an advertisement', {}, { advertisements: [] }, 'Advertised'],
    ['is not when no advertisement selects it', {}, { advertisements: [EDGE] }, 'Advertised'],
    [
      'is when an advertisement selects it',
      { labels: new Map([['edge', '']]) },
      { advertisements: [EDGE] },
      ['eth0'],
    ],
    ['is not without an interface', { interfaces: [] }, {}, 'Interface'],
    ['is not when it declines', { declines: new Set([VIP]) }, {}, 'Programmed'],
    ['is not when it declines all', { declines: new Set(['*']) }, {}, 'Programmed'],
    [
      'keeps what it declines if nobody else may have it',
      { declines: new Set([VIP]), ...OWNS },
      {},
      ['eth0'],
    ],
    ['is not for a Service without endpoints', {}, { endpointNodes: {} }, 'AnyEndpoint'],
    ['is when an endpoint is about to end', {}, { endpointNodes: { x: 'serving' } }, ['eth0']],
    ['is with an endpoint', {}, { ...LOCAL, endpointNodes: { a: 'ready' } }, ['eth0']],
    ['is not without one of its own', {}, { ...LOCAL, endpointNodes: { b: 'ready' } }, 'LocalEndpoint'],
    [
      'is not with one of which nobody knows the node',
      {},
      { ...LOCAL, endpointNodes: { '': 'ready' } },
      'LocalEndpoint',
    ],
    ['is when nobody has a ready one', {}, { ...LOCAL, endpointNodes: { a: 'serving' } }, ['eth0']],
  ])('%s', (_what, node, service, expected) => {
    expect(judge(anAnnouncedService('web', service), anAnnouncer('a', node))).toEqual([expected]);
  });

  it('with policy Local yields to one with a ready endpoint, unless it is the owner', () => {
    const service = anAnnouncedService('web', { ...LOCAL, endpointNodes: { a: 'serving', b: 'ready' } });
    expect(judge(service, anAnnouncer('a'), anAnnouncer('b'))).toEqual(['LocalEndpoint', ['eth0']]);
    expect(judge(service, anAnnouncer('a', OWNS), anAnnouncer('b'))).toEqual([['eth0'], ['eth0']]);
  });

  it('that declines hands over to one that does not', () => {
    const a = anAnnouncer('a', { declines: new Set([VIP]), ...OWNS });
    expect(judge(anAnnouncedService('web'), a, anAnnouncer('b'))).toEqual(['Programmed', ['eth0']]);
  });
});

describe('interfaces', () => {
  const interfaces = ['eth0', 'eth1', 'eth10'].map((name) => ({
    ...{ name, mac: '02:00:00:00:00:01' },
    onLink: name === 'eth1' ? ['192.0.2.0/24'] : ['2001:db8::/64', '198.51.100.0/24'],
  }));

  it.each<[L2Advertisement['interfaces'], NodeTest | string[]]>([
    [{ by: 'on-link' }, ['eth1']],
    [{ by: 'all' }, ['eth0', 'eth1', 'eth10']],
    [{ by: 'name', names: ['eth0', 'lo'] }, ['eth0']],
    [{ by: 'name', names: ['bond0'] }, 'Interface'],
    [{ by: 'pattern', patterns: ['^eth1'] }, ['eth1', 'eth10']],
    [{ by: 'pattern', patterns: ['('] }, 'Interface'],
  ])('are chosen by %o', (by, expected) => {
    const service = anAnnouncedService('web', { advertisements: [anAdvertisement({ interfaces: by })] });
    expect(judge(service, anAnnouncer('a', { interfaces }))).toEqual([expected]);
  });
});

it('says why a node may not have the address', () => {
  const election = new Election({ announcesWithoutEndpoints: false });
  election.putService(
    anAnnouncedService('web', { ...LOCAL, endpointNodes: { x: 'ready' }, advertisements: [EDGE] }),
  );
  const nodes = [
    anAnnouncer('a', { failed: { test: 'LiveLease', message: 'has no Lease' } }),
    anAnnouncer('b'),
    anAnnouncer('c', { labels: new Map([['edge', '']]), interfaces: [] }),
    anAnnouncer('d', { labels: new Map([['edge', '']]) }),
  ];
  for (const node of nodes) election.putNode(node);
  const { failures } = election.eligibility(VIP);
  const told = nodes.flatMap((node) => {
    const failure = failures.get(node.name);
    return failure === undefined ? [] : describeFailure(VIP, failure, node);
  });
  expect(told).toEqual([
    'has no Lease',
    'is not selected by the nodeSelectors of L2Advertisement all',
    'has no interface that is up',
    'has no ready endpoint of ns/web (externalTrafficPolicy Local)',
  ]);
});

import { type ConntrackEntry, formatFilter, matchesFilter } from '@menwei/netlink/conntrack';
import { anEntry } from '@menwei/testing/conntrack/testing.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { Endpoint, ServicePort } from '../state/service-port.ts';
import { Candidates } from './candidates.ts';
import { FrontendIndex } from './frontends.ts';
import { StaleEntries } from './stale-entries.ts';

const NODE = '203.0.113.9';

function pod(number: number, fields: Partial<Endpoint> = {}): Endpoint {
  return anEndpoint({ ip: `10.0.0.${number}`, port: 5353, ...fields });
}

const A = pod(1);
const B = pod(2);

/** 172.30.0.1:53/UDP. */
function dns(fields: ServicePortFields = {}): ServicePort {
  return aServicePort({ name: 'dns', protocol: 'UDP', port: 53, ...fields });
}

type Change = readonly [before: ServicePort | undefined, after: ServicePort | undefined];

interface Outcome {
  readonly filters: readonly string[];
  has(entry: ConntrackEntry): boolean;
}

/** What is stale after these changes, among other service ports. */
function judge(changes: readonly Change[], others: readonly ServicePort[] = []): Outcome {
  const candidates = new Candidates('lasting');
  const frontends = new FrontendIndex();
  frontends.update(new Map(others.map((port) => [port.key, port])));
  for (const [was, is] of changes) {
    candidates.note(was, is, aNodeView());
    const key = (is ?? was)?.key ?? '';
    frontends.update(new Map([[key, is]]));
  }
  const acceptsNodePorts = (ip: string) => ip === NODE || ip === '127.0.0.1';
  const stale = new StaleEntries({
    kind: 'lasting',
    node: aNodeView(),
    candidates,
    frontends,
    acceptsNodePorts,
  });
  const filters = candidates.filters();
  return {
    filters: filters.map(formatFilter),
    has: (each) => filters.some((filter) => matchesFilter(filter, each)) && stale.has(each),
  };
}

function expectStale(outcome: Outcome, stale: readonly string[], live: readonly string[]): void {
  for (const text of stale)
    expect({ text, stale: outcome.has(anEntry(text)) }).toEqual({ text, stale: true });
  for (const text of live)
    expect({ text, stale: outcome.has(anEntry(text)) }).toEqual({ text, stale: false });
}

describe('of a Service', () => {
  const both = dns({ endpoints: [A, B] });
  const first = dns({ endpoints: [A] });
  const none = dns();
  it.each<[string, Change, readonly string[], readonly string[]]>([
    [
      'that is new, entries made before it',
      [undefined, first],
      ['172.30.0.1:53', '172.30.0.1:53 → 10.0.0.2:5353'],
      ['172.30.0.1:53 → 10.0.0.1:5353', '172.30.0.1:54', '172.30.0.2:53', '10.0.0.1:5353'],
    ],
    [
      'that is new and has no endpoint, every entry',
      [undefined, none],
      ['172.30.0.1:53', '172.30.0.1:53 → 10.0.0.1:5353'],
      ['172.30.0.2:53'],
    ],
    [
      'that loses an endpoint, entries to that one',
      [both, first],
      ['172.30.0.1:53 → 10.0.0.2:5353'],
      ['172.30.0.1:53 → 10.0.0.1:5353', '10.0.0.2:5353', '172.30.0.9:53 → 10.0.0.2:5353'],
    ],
    [
      'whose endpoint is replaced, entries to the former one',
      [first, dns({ endpoints: [B] })],
      ['172.30.0.1:53 → 10.0.0.1:5353'],
      ['172.30.0.1:53 → 10.0.0.2:5353'],
    ],
    [
      'that loses its last endpoint, every entry',
      [first, none],
      ['172.30.0.1:53 → 10.0.0.1:5353'],
      ['10.0.0.1:5353'],
    ],
    [
      'that gets its first endpoint, entries that led nowhere',
      [none, first],
      ['172.30.0.1:53', '172.30.0.1:53 → 10.0.0.2:5353'],
      ['172.30.0.1:53 → 10.0.0.1:5353'],
    ],
    [
      'that is deleted, every entry that was translated',
      [both, undefined],
      ['172.30.0.1:53 → 10.0.0.1:5353', '172.30.0.1:53 → 10.0.0.2:5353'],
      ['172.30.0.1:53', '10.0.0.1:5353', '172.30.0.9:53 → 10.0.0.1:5353'],
    ],
    [
      'that gets another port number, entries to the former',
      [first, dns({ port: 54, endpoints: [A] })],
      ['172.30.0.1:53 → 10.0.0.1:5353', '172.30.0.1:54'],
      ['172.30.0.1:54 → 10.0.0.1:5353', '172.30.0.1:53'],
    ],
    [
      'that loses addresses, entries to those',
      [
        dns({ endpoints: [A], externalIPs: ['198.51.100.1'], loadBalancerVIPs: ['192.0.2.1'] }),
        dns({ endpoints: [A] }),
      ],
      ['198.51.100.1:53 → 10.0.0.1:5353', '192.0.2.1:53 → 10.0.0.1:5353'],
      ['172.30.0.1:53 → 10.0.0.1:5353', '192.0.2.1:53', '192.0.2.9:53 → 10.0.0.1:5353'],
    ],
    [
      'that gets an address, entries made before',
      [dns({ endpoints: [A] }), dns({ endpoints: [A], externalIPs: ['198.51.100.1'] })],
      ['198.51.100.1:53'],
      ['198.51.100.1:53 → 10.0.0.1:5353', '172.30.0.1:53 → 10.0.0.1:5353'],
    ],
  ])('%s', (_, change, stale, live) => {
    const outcome = judge([change]);
    expectStale(outcome, stale, live);
    for (const text of stale) expect(outcome.has(anEntry(text, 'TCP'))).toBe(false);
  });

  it.each<[string, Change]>([
    ['gets another endpoint', [first, both]],
    ['gets other policies', [both, { ...both, externalPolicyLocal: true, sessionAffinitySeconds: 9 }]],
    [
      'has an endpoint that leaves and still serves',
      [both, dns({ endpoints: [A, pod(2, { ready: false, terminating: true })] })],
    ],
    [
      'sends to an endpoint before that is ready',
      [both, dns({ endpoints: [A, pod(2, { ready: true, serving: false })] })],
    ],
    ['has no endpoint before and after', [none, none]],
    ['had no endpoint, and goes', [none, undefined]],
  ])('that %s nothing is stale, and nothing is asked', (_, change) => {
    expect(judge([change]).filters).toEqual([]);
  });

  it('entries go on to an endpoint that serves, also where the mode leads elsewhere', () => {
    const led = { ...both, destinations: [{ ip: NODE, port: 40_000 }] };
    const outcome = judge([[undefined, led]]);
    expectStale(
      outcome,
      ['172.30.0.1:53', '172.30.0.1:53 → 10.0.0.3:5353', `172.30.0.1:53 → ${NODE}:40001`],
      ['172.30.0.1:53 → 10.0.0.1:5353', `172.30.0.1:53 → ${NODE}:40000`],
    );
  });

  it('an endpoint that neither serves nor is ready is as good as gone', () => {
    const outcome = judge([[both, dns({ endpoints: [A, pod(2, { ready: false, serving: false })] })]]);
    expect(outcome.has(anEntry('172.30.0.1:53 → 10.0.0.2:5353'))).toBe(true);
  });
});

describe('through a node port', () => {
  const both = dns({ nodePort: 30_053, endpoints: [A, B] });
  const first = dns({ nodePort: 30_053, endpoints: [A] });
  it.each<[string, Change, readonly string[], readonly string[]]>([
    [
      'that is new, entries to the node that the Service had no part in',
      [dns({ endpoints: [A] }), first],
      [`${NODE}:30053`, `${NODE}:30053 → 10.0.0.2:5353`],
      [
        `${NODE}:30053 → 10.0.0.1:5353`,
        '203.0.113.77:30053',
        '203.0.113.77:30053 → 10.0.0.2:5353',
        '127.0.0.1:30053',
        '10.0.0.9:30053',
      ],
    ],
    [
      'whose Service loses an endpoint, entries to that one',
      [both, first],
      [
        `${NODE}:30053 → 10.0.0.2:5353`,
        '203.0.113.77:30053 → 10.0.0.2:5353',
        '127.0.0.1:30053 → 10.0.0.2:5353',
      ],
      [`${NODE}:30053 → 10.0.0.1:5353`, `${NODE}:30053`, '203.0.113.77:30053', '10.0.0.2:30053'],
    ],
    [
      'that goes, entries to its endpoints',
      [first, dns({ endpoints: [A] })],
      [`${NODE}:30053 → 10.0.0.1:5353`],
      [`${NODE}:30053`, `${NODE}:30053 → 10.0.0.2:5353`, '172.30.0.1:53 → 10.0.0.1:5353'],
    ],
    [
      'that goes with its Service, the same',
      [first, undefined],
      [`${NODE}:30053 → 10.0.0.1:5353`, '172.30.0.1:53 → 10.0.0.1:5353'],
      [`${NODE}:30053`, `${NODE}:30053 → 10.0.0.2:5353`],
    ],
  ])('%s', (_, change, stale, live) => {
    const outcome = judge([change]);
    expectStale(outcome, stale, live);
  });

  it('a pod that answers on the same number is left alone, even when it is a former endpoint', () => {
    const same = pod(1, { port: 30_053 });
    const outcome = judge([[dns({ nodePort: 30_053, endpoints: [same] }), dns({ nodePort: 30_053 })]]);
    expect(outcome.has(anEntry('10.0.0.1:30053'))).toBe(false);
    expect(outcome.has(anEntry(`${NODE}:30053 → 10.0.0.1:30053`))).toBe(true);
  });
});

describe('between Services', () => {
  it('an address that passes on keeps entries to endpoints that both have', () => {
    const was = dns({ endpoints: [A, B] });
    const is = dns({ name: 'other', endpoints: [B] });
    for (const changes of [
      [
        [was, undefined],
        [undefined, is],
      ],
      [
        [undefined, is],
        [was, undefined],
      ],
    ] as const) {
      const outcome = judge(changes);
      expect(outcome.has(anEntry('172.30.0.1:53 → 10.0.0.1:5353'))).toBe(true);
      expect(outcome.has(anEntry('172.30.0.1:53 → 10.0.0.2:5353'))).toBe(false);
    }
  });

  it('an endpoint that one loses stays with the other', () => {
    const other = dns({ name: 'other', clusterIP: '172.30.0.2', endpoints: [A] });
    const outcome = judge([[dns({ endpoints: [A, B] }), dns({ endpoints: [B] })]], [other]);
    expect(outcome.has(anEntry('172.30.0.1:53 → 10.0.0.1:5353'))).toBe(true);
    expect(outcome.has(anEntry('172.30.0.2:53 → 10.0.0.1:5353'))).toBe(false);
  });

  it('an external IP with the number of a node port is no node port', () => {
    const other = dns({ name: 'other', port: 30_053, clusterIP: NODE, endpoints: [B] });
    const outcome = judge([[undefined, dns({ nodePort: 30_053, endpoints: [A] })]], [other]);
    expect(outcome.has(anEntry(`${NODE}:30053 → 10.0.0.2:5353`))).toBe(false);
  });

  it('SCTP is not UDP', () => {
    const sctp = { ...dns({ endpoints: [A, B] }), protocol: 'SCTP' } as const;
    const outcome = judge([[sctp, { ...sctp, endpoints: [A] }]]);
    expect(outcome.has(anEntry('172.30.0.1:53 → 10.0.0.2:5353', 'SCTP'))).toBe(true);
    expect(outcome.has(anEntry('172.30.0.1:53 → 10.0.0.2:5353', 'UDP'))).toBe(false);
  });
});

describe('what the kernel is asked for', () => {
  const many = Array.from({ length: 20 }, (_, index) => pod(index + 1));
  const rich: ServicePortFields = {
    nodePort: 30_053,
    externalIPs: ['198.51.100.1', '198.51.100.2'],
    loadBalancerVIPs: ['192.0.2.1'],
  };
  const other = (number: number) => dns({ name: `dns-${number}`, clusterIP: `172.30.1.${number}` });
  it.each<[string, readonly Change[], readonly string[]]>([
    ['a new Service: its address', [[undefined, dns({ endpoints: many })]], ['UDP to 172.30.0.1:53']],
    [
      'one with many addresses: its port, once',
      [[undefined, dns(rich)]],
      ['UDP to port 53', 'UDP to port 30053'],
    ],
    [
      'one endpoint lost: that endpoint',
      [[dns({ ...rich, endpoints: many }), dns({ ...rich, endpoints: many.slice(1) })]],
      ['UDP answered by 10.0.0.1:5353'],
    ],
    [
      'many endpoints lost: the address',
      [[dns({ endpoints: many }), dns({ endpoints: many.slice(5) })]],
      ['UDP to 172.30.0.1:53'],
    ],
    [
      'a deleted Service with one endpoint: that',
      [[dns({ ...rich, endpoints: [A] }), undefined]],
      ['UDP answered by 10.0.0.1:5353'],
    ],
    [
      'a lost address: that alone, however many endpoints',
      [[dns({ externalIPs: ['198.51.100.1'], endpoints: many }), dns({ endpoints: many })]],
      ['UDP to 198.51.100.1:53'],
    ],
    [
      'the same endpoint lost by several Services: once',
      [1, 2, 3, 4, 5].map((number) => [
        { ...other(number), endpoints: [A, B] },
        { ...other(number), endpoints: [B] },
      ]),
      ['UDP answered by 10.0.0.1:5353'],
    ],
    [
      'more than is worth it: all of the protocol',
      [1, 2, 3, 4].map((number) => [undefined, other(number)]),
      ['UDP'],
    ],
  ])('%s', (_, changes, filters) => {
    expect(judge(changes).filters).toEqual(filters);
  });

  it('more than is worth it of two protocols: all of both', () => {
    const ports = [1, 2, 3, 4].map(other);
    const changes = [...ports, ...ports.map((port) => ({ ...port, protocol: 'SCTP' as const }))];
    expect(judge(changes.map((port) => [undefined, port])).filters).toEqual(['UDP', 'SCTP']);
  });
});

describe('candidates of two cleanings', () => {
  it('together are those of both', () => {
    const [one, other] = [new Candidates('lasting'), new Candidates('lasting')];
    one.note(dns({ endpoints: [A, B] }), dns({ endpoints: [B] }), aNodeView());
    other.note(dns({ endpoints: [B] }), undefined, aNodeView());
    one.add(other);
    expect(one.filters().map(formatFilter)).toEqual([
      'UDP answered by 10.0.0.1:5353',
      'UDP answered by 10.0.0.2:5353',
    ]);
    expect(one.checkOf('172.30.0.1:53/UDP', false)).toBe('any');
    expect(one.isFormerEndpoint('10.0.0.1:5353/UDP')).toBe(true);
  });
});

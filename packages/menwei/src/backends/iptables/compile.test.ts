/**
 * How a service port looks in iptables mode: its chains for session affinity, probabilities, the number of its rules.
 * What its rules do to packets stands in test/tracer/decisions, for all modes.
 */

import { formatProbability, formatRule } from '@menwei/netfilter/iptables/rule.ts';
import { isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { recentName } from '@menwei/netfilter/trace/iptables/match.ts';
import type { Memory } from '@menwei/netfilter/trace/packet.ts';
import { aNodeView, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { optionsOf, stateOf } from '../../../../../test/tracer/modes.ts';
import {
  aTestbed,
  type Condition,
  endpointsOf,
  HOSTS,
  type Host,
  portOf,
  programOf,
} from '../../../../../test/tracer/testbed.ts';
import { compile } from './compile.ts';
import { endpointChain, serviceChains } from './names.ts';
import { IptablesRules } from './rules.ts';

const OPTIONS = optionsOf('IPv4');

describe('session affinity', () => {
  const port = portOf('IPv4', { endpoints: ['here', 'elsewhere', 'elsewhere'], sessionAffinitySeconds: 600 });
  const chainOf = (endpoint: string) => endpointChain(port.displayName, 'tcp', endpoint);
  const [first = '', second = '', third = ''] = port.endpoints.map(({ text }) => chainOf(text));
  const listing = (client: Host, lists: readonly string[]): Memory => {
    const memo = { data: '', sinceSeconds: 0, forSeconds: Number.POSITIVE_INFINITY };
    return new Map(lists.map((list) => [recentName(list, HOSTS.IPv4[client]), memo]));
  };

  it('asks for all remembered endpoints before it chooses', () => {
    const { cluster } = serviceChains(port.displayName, 'tcp');
    const recent = (name: string) => `-m recent --name ${name} --rcheck --seconds 600 --reap -j ${name}`;
    const chain = compile(
      { ...port, clusterIP: undefined },
      aNodeView({ largeCluster: true }),
      OPTIONS,
    ).ownChains;
    expect(chain.find((own) => own.chain === cluster)?.rules.map(formatRule)).toEqual([
      `${recent(first)}`,
      `${recent(second)}`,
      `${recent(third)}`,
      `-m statistic --mode random --probability 0.3333333333 -j ${first}`,
      `-m statistic --mode random --probability 0.5000000000 -j ${second}`,
      `-j ${third}`,
    ]);
  });

  it.each([
    ['nobody', [], '1 2 3'],
    ['one that is there', [second], '2'],
    ['one that is gone', ['KUBE-SEP-GONE'], '1 2 3'],
    ['two: the first wins', [third, first], '1'],
  ])('of a client that is remembered for %s', (_name, lists, expected) => {
    const { send } = aTestbed('iptables', 'IPv4', { ports: [port] });
    expect(send('pod', 'clusterIP:80', { memory: listing('pod', lists) })).toBe(expected);
  });

  it('remembers the client when it translates, and only then', () => {
    const { ways } = aTestbed('iptables', 'IPv4', { ports: [port] });
    const [way] = ways('pod', 'clusterIP:80', { memory: listing('pod', [second]) });
    expect(way?.steps.filter((step) => step.includes('--set'))).toEqual([
      expect.stringMatching(`^nat ${second}: .*--name ${second} --set .*-j DNAT`),
    ]);
  });

  it('leaves no trace without it', () => {
    const { ownChains } = compile({ ...port, sessionAffinitySeconds: 0 }, aNodeView(), OPTIONS);
    expect(ownChains.flatMap(({ rules }) => rules).filter(({ recent }) => recent !== undefined)).toEqual([]);
  });
});

describe('probabilities', () => {
  it.each([
    [1, '1.0000000000'],
    [2, '0.5000000000'],
    [3, '0.3333333333'],
    [6, '0.1666666667'],
    [100_000, '0.0000100000'],
    [100_001, '0.0000099999'],
  ])('1/%i is %s', (count, text) => {
    expect(formatProbability(count)).toBe(text);
  });

  it('are rounded correctly, and fall with every endpoint more, up to 100,001 of them', () => {
    const scale = 10n ** 10n;
    let previous = '2';
    for (let count = 1; count <= 100_001; count++) {
      const text = formatProbability(count);
      const rounded = (2n * scale + BigInt(count)) / (2n * BigInt(count));
      if (text.replace('.', '') !== String(rounded).padStart(11, '0')) expect.fail(`1/${count}: ${text}`);
      if (text >= previous) expect.fail(`1/${count}: ${text} after ${previous}`);
      previous = text;
    }
  });
});

describe('the number of rules', () => {
  const numberOfRules = ({ fixed, own }: Ruleset) => {
    const inTable = (table: string) =>
      [...fixed]
        .filter(([id]) => id.startsWith(`${table} `) && !isBuiltinChain(id.slice(table.length + 1)))
        .reduce((sum, [, content]) => sum + content.length, 0);
    const inOwn = Array.from(own, ([, rules]) => rules.length);
    return { filter: inTable('filter'), nat: inOwn.reduce((sum, count) => sum + count, inTable('nat')) };
  };

  it.each([
    { services: 0, endpoints: 0, filter: 4, nat: 5 },
    { services: 1, endpoints: 0, filter: 5, nat: 5 },
    { services: 1, endpoints: 1, filter: 4, nat: 5 + 5 },
    { services: 1, endpoints: 3, filter: 4, nat: 5 + 11 },
    { services: 10, endpoints: 0, filter: 14, nat: 5 },
    { services: 10, endpoints: 7, filter: 4, nat: 5 + 10 * 23 },
  ])('$services Services × $endpoints endpoints: $filter in filter, $nat in nat', (expected) => {
    const endpoints = endpointsOf('IPv4', Array<Condition>(expected.endpoints).fill('elsewhere'));
    const ports = Array.from({ length: expected.services }, (_, n) =>
      aServicePort({ name: `web${n}`, clusterIP: `172.30.0.${n + 1}`, endpoints }),
    );
    const { filter, nat } = expected;
    expect(numberOfRules(stateOf(new IptablesRules(OPTIONS), programOf('IPv4', { ports })))).toEqual({
      filter,
      nat,
    });
  });
});

describe('a large cluster', () => {
  const port = portOf('IPv4', {
    everywhere: true,
    endpoints: ['here', 'elsewhere'],
    externalPolicyLocal: true,
    loadBalancerSourceRanges: ['203.0.113.0/24'],
    healthCheckNodePort: 30099,
    sessionAffinitySeconds: 60,
  });
  const normal = compile(port, aNodeView(), OPTIONS);
  const large = compile(port, aNodeView({ largeCluster: true }), OPTIONS);

  it('has no comments at endpoints: those that grow with their number', () => {
    const isAtEndpoint = (comment = '') => comment.includes(' -> ') || comment === 'ns/web';
    const stripped = normal.ownChains.map(({ chain, rules }) => ({
      chain,
      rules: rules.map((rule) => (isAtEndpoint(rule.comment) ? { ...rule, comment: undefined } : rule)),
    }));
    expect(large.ownChains).toEqual(stripped);
    expect(large.ownChains).not.toEqual(normal.ownChains);
  });

  it('keeps all others', () => {
    expect(large.sharedRules).toEqual(normal.sharedRules);
    const comments = large.ownChains.flatMap(({ rules }) => rules.flatMap(({ comment }) => comment ?? []));
    expect([...new Set(comments)].sort()).toEqual([
      'masquerade LOCAL traffic for ns/web external destinations',
      'ns/web loadbalancer IP',
      'other traffic to ns/web will be dropped by KUBE-PROXY-FIREWALL',
      'route LOCAL traffic for ns/web external destinations',
    ]);
  });
});

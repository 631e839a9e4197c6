/** ClusterIPs and what all ways in have in common: which packets reach which endpoints, and with what chances. */
import { describe, expect, it } from 'vitest';
import {
  aTestbed,
  type Condition,
  endpointsOf,
  optionsOf,
  portOf,
  type Sender,
} from '../../../test/tracer/testbed.ts';
import { IP_FAMILIES } from '../../addresses/ip.ts';
import { aNodeView, anEndpoint, aServicePort } from '../../services/testing.ts';
import { compile } from './compile.ts';
import { endpointChain, serviceChains } from './names.ts';
import { formatProbability } from './rule.ts';
import { isBuiltinChain, type Ruleset } from './ruleset.ts';

const OPTIONS = optionsOf('IPv4');

describe.each(IP_FAMILIES)('a ClusterIP in %s', (family) => {
  it('leads to all endpoints with equal chances', () => {
    for (const count of [1, 2, 3, 9]) {
      const ports = [portOf(family, { endpoints: Array<Condition>(count).fill('elsewhere') })];
      const ways = aTestbed(family, { ports }).ways('pod', 'clusterIP:80');
      expect(ways.map(({ endpoint }) => endpoint)).toEqual(ports[0]?.endpoints.map(({ text }) => text));
      for (const { chance } of ways) expect(chance).toBeCloseTo(1 / count, 9);
    }
  });

  it('leads to no endpoint that is not ready', () => {
    const ports = [portOf(family, { endpoints: ['elsewhere', 'unready', 'here'] })];
    expect(aTestbed(family, { ports }).send('pod', 'clusterIP:80')).toBe('1 3');
  });

  it.each<[Sender, string, string]>([
    ['pod', 'clusterIP:53', '1:5353'],
    ['pod', 'clusterIP:53/UDP', '1:5454'],
    ['pod', 'clusterIP:53/SCTP', '1:5555'],
    ['pod', 'clusterIP:5353', 'untouched'],
    ['pod', 'clusterIP:54/UDP', 'untouched'],
    ['pod', 'externalIP:53', 'untouched'],
    ['pod', 'node:53', 'untouched'],
  ])('keeps protocols apart that share a port number: from %s to %s: %s', (from, to, expected) => {
    const [endpoint] = endpointsOf(family, ['here']);
    const portWith = (protocol: 'TCP' | 'UDP' | 'SCTP', port: number) => {
      const endpoints = [anEndpoint({ ...endpoint, port })];
      return { ...portOf(family, { protocol, portName: protocol.toLowerCase(), port: 53 }), endpoints };
    };
    const ports = [portWith('TCP', 5353), portWith('UDP', 5454), portWith('SCTP', 5555)];
    expect(aTestbed(family, { ports }).send(from, to)).toBe(expected);
  });
});

describe.each(IP_FAMILIES)('without any endpoint in %s', (family) => {
  const { send } = aTestbed(family, {
    ports: [portOf(family, { everywhere: true, endpoints: ['unready'] })],
  });
  it.each<[Sender, string, string]>([
    ['pod', 'clusterIP:80', 'REJECT'],
    ['node', 'clusterIP:80', 'REJECT'],
    ['client', 'clusterIP:80', 'REJECT'],
    ['pod', 'externalIP:80', 'REJECT'],
    ['client', 'externalIP:80', 'REJECT'],
    ['pod', 'vip:80', 'REJECT'],
    ['client', 'vip:80', 'REJECT'],
    ['pod', 'node:30080', 'REJECT'],
    ['node', 'node:30080', 'REJECT'],
    ['localhost', 'localhost:30080', 'REJECT'],
    ['client', 'node2:30080', 'REJECT'],
    ['client', 'otherNode:30080', 'untouched'],
    ['client', 'node:80', 'untouched'],
    ['client', 'clusterIP:80/UDP', 'untouched'],
    // As upstream: OUTPUT does not lead to the external portals, so what the node sends is for the network to refuse.
    ['node', 'vip:80', 'untouched'],
  ])('from %s to %s: %s', (from, to, expected) => {
    expect(send(from, to)).toBe(expected);
  });
});

describe('session affinity', () => {
  const port = portOf('IPv4', { endpoints: ['here', 'elsewhere', 'elsewhere'], sessionAffinitySeconds: 600 });
  const chainOf = (endpoint: string) => endpointChain(port.displayName, 'tcp', endpoint);
  const [first = '', second = '', third = ''] = port.endpoints.map(({ text }) => chainOf(text));

  it('asks for all remembered endpoints before it chooses', () => {
    const { cluster } = serviceChains(port.displayName, 'tcp');
    const recent = (name: string) => `-m recent --name ${name} --rcheck --seconds 600 --reap -j ${name}`;
    const chain = compile(
      { ...port, clusterIP: undefined },
      aNodeView({ largeCluster: true }),
      OPTIONS,
    ).ownChains;
    expect(chain.find((own) => own.chain === cluster)?.lines.split('\n')).toEqual([
      `-A ${cluster} ${recent(first)}`,
      `-A ${cluster} ${recent(second)}`,
      `-A ${cluster} ${recent(third)}`,
      `-A ${cluster} -m statistic --mode random --probability 0.3333333333 -j ${first}`,
      `-A ${cluster} -m statistic --mode random --probability 0.5000000000 -j ${second}`,
      `-A ${cluster} -j ${third}`,
      '',
    ]);
  });

  it.each([
    ['nobody', [], '1 2 3'],
    ['one that is there', [second], '2'],
    ['one that is gone', ['KUBE-SEP-GONE'], '1 2 3'],
    ['two: the first wins', [third, first], '1'],
  ])('of a client that is remembered for %s', (_name, remembered, expected) => {
    const { send } = aTestbed('IPv4', { ports: [port], remembered: new Set(remembered) });
    expect(send('pod', 'clusterIP:80')).toBe(expected);
  });

  it('remembers the client when it translates, and only then', () => {
    const [way] = aTestbed('IPv4', { ports: [port], remembered: new Set([second]) }).ways(
      'pod',
      'clusterIP:80',
    );
    expect(way?.steps.filter((step) => step.includes('--set'))).toEqual([
      expect.stringMatching(`^nat ${second}: .*--name ${second} --set .*-j DNAT`),
    ]);
  });

  it('leaves no trace without it', () => {
    const { ownChains } = compile({ ...port, sessionAffinitySeconds: 0 }, aNodeView(), OPTIONS);
    expect(ownChains.filter(({ lines }) => lines.includes('recent'))).toEqual([]);
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
    const inOwn = Array.from(own, ([, lines]) => lines.split('\n').length - 1);
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
    expect(numberOfRules(aTestbed('IPv4', { ports }).ruleset)).toEqual({ filter, nat });
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
    const comment = / -m comment --comment (?:"[^"]* -> [^"]*"|ns\/web)(?= )/g;
    const stripped = normal.ownChains.map(({ chain, lines }) => ({
      chain,
      lines: lines.replace(comment, ''),
    }));
    expect(large.ownChains).toEqual(stripped);
    expect(large.ownChains).not.toEqual(normal.ownChains);
  });

  it('keeps all others', () => {
    expect(large.sharedRules).toEqual(normal.sharedRules);
    const comments = large.ownChains.flatMap(({ lines }) => lines.match(/--comment "[^"]*"/g) ?? []);
    expect([...new Set(comments.map((comment) => comment.slice('--comment '.length)))].sort()).toEqual([
      '"masquerade LOCAL traffic for ns/web external destinations"',
      '"ns/web loadbalancer IP"',
      '"other traffic to ns/web will be dropped by KUBE-PROXY-FIREWALL"',
      '"route LOCAL traffic for ns/web external destinations"',
    ]);
  });
});

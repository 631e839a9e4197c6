/** Who is masqueraded and who keeps their address: every sender, way in and policy, with every setting that counts. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { describeWays } from '@menwei/netfilter/trace/trace.ts';
import type { ServicePortFields } from '@menwei/testing/services/testing.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES } from '../modes.ts';
import {
  aTestbed,
  endpointsOf,
  expectedIn,
  HOSTS,
  type Host,
  packetOf,
  portOf,
  type Scene,
  type Sender,
} from '../testbed.ts';

const POLICIES = {
  cluster: {},
  'external local': { externalPolicyLocal: true },
  'internal local': { internalPolicyLocal: true },
} satisfies Record<string, ServicePortFields>;

const WAYS_IN = {
  internal: ['clusterIP:80'],
  external: ['node:30080', 'vip:80', 'externalIP:80'],
} satisfies Record<string, readonly string[]>;

type Row = readonly [
  Host | number,
  keyof typeof WAYS_IN,
  keyof typeof POLICIES,
  /** Endpoint 1 is on the node, 2 is not; a star says that the connection is masqueraded. */
  normal: string,
  masqueradeAll: string,
  /** When the node can't tell its pods from others. */
  noDetector: string,
];

const ROWS: readonly Row[] = [
  ['pod', 'internal', 'cluster', '1 2', '1* 2*', '1 2'],
  ['pod', 'external', 'cluster', '1* 2*', '1* 2*', '1* 2*'],
  ['pod', 'internal', 'external local', '1 2', '1* 2*', '1 2'],
  ['pod', 'external', 'external local', '1 2', '1 2', '1'],
  ['pod', 'internal', 'internal local', '1', '1*', '1'],
  ['pod', 'external', 'internal local', '1* 2*', '1* 2*', '1* 2*'],

  ['node', 'internal', 'cluster', '1* 2*', '1* 2*', '1 2'],
  ['node', 'external', 'cluster', '1* 2*', '1* 2*', '1* 2*'],
  ['node', 'internal', 'external local', '1* 2*', '1* 2*', '1 2'],
  ['node', 'external', 'external local', '1* 2*', '1* 2*', '1* 2*'],
  ['node', 'internal', 'internal local', '1*', '1*', '1'],
  ['node', 'external', 'internal local', '1* 2*', '1* 2*', '1* 2*'],

  ['client', 'internal', 'cluster', '1* 2*', '1* 2*', '1 2'],
  ['client', 'external', 'cluster', '1* 2*', '1* 2*', '1* 2*'],
  ['client', 'internal', 'external local', '1* 2*', '1* 2*', '1 2'],
  ['client', 'external', 'external local', '1', '1', '1'],
  ['client', 'internal', 'internal local', '1*', '1*', '1'],
  ['client', 'external', 'internal local', '1* 2*', '1* 2*', '1* 2*'],

  // An endpoint that reaches itself would answer itself, and never see the Service's address in the reply.
  [1, 'internal', 'cluster', '1* 2', '1* 2*', '1* 2'],
  [1, 'external', 'external local', '1* 2', '1* 2', '1*'],
  [1, 'internal', 'internal local', '1*', '1*', '1*'],
];

function scene(family: IpFamily, policy: keyof typeof POLICIES, rest: Omit<Scene, 'ports'>): Scene {
  const port = portOf(family, { everywhere: true, endpoints: ['here', 'elsewhere'], ...POLICIES[policy] });
  return { ports: [port], ...rest };
}

describe.each(MODES_AND_FAMILIES)('masquerading, %s, %s', (mode, family) => {
  const cases = ROWS.flatMap(([from, wayIn, policy, ...expected]) =>
    WAYS_IN[wayIn].map((to) => [from, to, policy, ...expected] as const),
  );

  it.each(cases)('from %s to %s, %s: %s; all: %s; no detector: %s', (from, to, policy, ...expected) => {
    const settings: readonly Omit<Scene, 'ports'>[] = [
      {},
      { options: { masqueradeAll: true } },
      { node: { detectLocal: { by: 'none' } } },
    ];
    expect(
      settings.map((rest) => aTestbed(mode, family, scene(family, policy, rest)).send(from, to)),
    ).toEqual(expected);
  });

  it('is not for what goes to an endpoint without a Service', () => {
    const { deliver } = aTestbed(mode, family, scene(family, 'cluster', {}));
    const destination = endpointsOf(family, ['here'])[0]?.ip ?? '';
    for (const from of [1, 'pod', 'client'] as const) {
      const packet = { ...packetOf(family, from, 'node:8080'), destination };
      expect(describeWays(deliver(packet))).toBe('untouched');
    }
  });

  it.each<[NodeView['detectLocal'], inside: Sender, outside: Sender]>([
    [{ by: 'cidr', cidr: `${HOSTS[family].client}/${family === 'IPv4' ? 32 : 128}` }, 'client', 'pod'],
    [{ by: 'bridge', interface: 'br0' }, 'client@br0', 'pod@br01'],
    [{ by: 'prefix', prefix: 'veth' }, 'client@veth12', 'pod@vet'],
  ])('knows the pods of the node by %j', (detectLocal, inside, outside) => {
    const { send } = aTestbed(mode, family, scene(family, 'external local', { node: { detectLocal } }));
    expect([send(inside, 'clusterIP:80'), send(outside, 'clusterIP:80')]).toEqual(['1 2', '1* 2*']);
    expect([send(inside, 'vip:80'), send(outside, 'vip:80')]).toEqual(['1 2', '1']);
  });
});

describe.each(MODES_AND_FAMILIES)('the mark of what is to be masqueraded, %s, %s', (mode, family) => {
  it.each([0, 14, 31])('is any bit: %i', (bit) => {
    const options = { masqueradeMark: 2 ** bit };
    const { send } = aTestbed(mode, family, scene(family, 'cluster', { options }));
    expect([send('pod', 'clusterIP:80'), send('client', 'clusterIP:80')]).toEqual(['1 2', '1* 2*']);
  });

  it.each([0, 0x1, 0xffff_bfff])('is taken off again, and others’ marks stay: %i', (mark) => {
    const { deliver } = aTestbed(mode, family, scene(family, 'cluster', {}));
    for (const to of ['clusterIP:80', 'vip:80']) {
      const ways = deliver({ ...packetOf(family, 'client', to), mark });
      expect(ways.map(({ masqueraded, mark: left }) => [masqueraded, left])).toEqual([
        [true, mark],
        [true, mark],
      ]);
    }
  });
});

describe('masquerading of NodePorts on localhost', () => {
  it.each<[keyof typeof POLICIES]>([['cluster'], ['external local'], ['internal local']])('%s', (policy) => {
    const { send } = aTestbed('iptables', 'IPv4', scene('IPv4', policy, {}));
    expect(send('localhost', 'localhost:30080')).toBe('1* 2*');
  });
});

describe.each(MODES_AND_FAMILIES)(
  'an endpoint elsewhere that reaches itself through this node, %s, %s',
  (mode, family) => {
    // That could only be where pods of other nodes use this one as their proxy. Modes differ, as upstream's do (KQ-37).
    it(mode === 'iptables' ? 'is masqueraded' : 'is not masqueraded', () => {
      const port = portOf(family, { endpoints: ['elsewhere', 'elsewhere'] });
      const { deliver } = aTestbed(mode, family, { ports: [port], node: { detectLocal: { by: 'none' } } });
      const [one, two] = port.endpoints.map(({ text }) => text);
      const packet = { ...packetOf(family, 'client', 'clusterIP:80'), source: port.endpoints[0]?.ip ?? '' };
      const star = expectedIn(mode, { iptables: '*', nftables: '' });
      expect(describeWays(deliver(packet))).toBe(`${one}${star} ${two}`);
    });
  },
);

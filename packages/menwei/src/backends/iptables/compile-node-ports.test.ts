/** NodePorts in iptables mode alone: localhost is guarded and counted, and ports for health checks are opened. */

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { optionsOf } from '../../../../../test/tracer/modes.ts';
import { aTestbed, portOf } from '../../../../../test/tracer/testbed.ts';
import { compile } from './compile.ts';
import {
  INVALID_DROPPED_ACCOUNTING,
  type IptablesOptions,
  LOCALHOST_NODE_PORTS_ACCOUNTING,
} from './options.ts';

describe('localhost', () => {
  const port = portOf('IPv4', { nodePort: 30080, endpoints: ['here'] });

  it('is closed to others when it takes NodePorts, for the kernel no longer sees to that', () => {
    const { send } = aTestbed('iptables', 'IPv4', { ports: [port], options: { localhostNodePorts: true } });
    expect([send('client', 'localhost:10256'), send('pod', 'localhost:10256')]).toEqual(['DROP', 'DROP']);
    expect(send('localhost', 'localhost:10256')).toBe('untouched');
  });

  it('is none of our business otherwise', () => {
    const { send } = aTestbed('iptables', 'IPv4', { ports: [port], options: { localhostNodePorts: false } });
    expect(send('client', 'localhost:10256')).toBe('untouched');
  });

  it.each<[boolean, IptablesOptions['accounting'], 'counted' | 'not counted']>([
    [true, [LOCALHOST_NODE_PORTS_ACCOUNTING], 'counted'],
    [true, [INVALID_DROPPED_ACCOUNTING], 'not counted'],
    [true, [], 'not counted'],
    [false, [LOCALHOST_NODE_PORTS_ACCOUNTING], 'not counted'],
  ])(
    'localhostNodePorts %s, accounting %j: connections are %s',
    (localhostNodePorts, accounting, expected) => {
      const fields = { localhostNodePorts, accounting };
      const { sharedRules } = compile(port, aNodeView(), optionsOf('IPv4', fields));
      const rules = sharedRules
        .filter(({ chain }) => chain === 'nat KUBE-NODEPORTS')
        .map(({ rule }) => formatHeldRule(rule));
      const dispatch = /^-m comment --comment ns\/web -m tcp -p tcp --dport 30080 -j KUBE-EXT-\w+$/;
      const count =
        /^-m comment --comment ns\/web -m tcp -p tcp -d 127.0.0.0\/8 --dport 30080 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-\w+$/;
      expect(rules).toEqual(
        (expected === 'counted' ? [count, dispatch] : [dispatch]).map((rule) => expect.stringMatching(rule)),
      );
    },
  );
});

describe.each(IP_FAMILIES)('a NodePort for health checks in %s', (family) => {
  const accepts = (healthCheckNodePort: number, protocol: 'TCP' | 'UDP', to: string) => {
    const port = portOf(family, {
      protocol,
      healthCheckNodePort,
      nodePort: 30080,
      externalPolicyLocal: true,
    });
    const [way] = aTestbed('iptables', family, { ports: [port] }).ways('client', to);
    return way?.end === 'sent' && way.steps.at(-1)?.startsWith('filter KUBE-NODEPORTS: ');
  };

  it.each([
    ['is open, even without endpoints', 30099, 'TCP', 'node:30099', true],
    ['is a TCP port, whatever the Service is', 30099, 'UDP', 'node:30099', true],
    ['is open for TCP alone', 30099, 'UDP', 'node:30099/UDP', false],
    ['is gone with its Service', 0, 'TCP', 'node:30099', false],
    ['does not open others', 30099, 'TCP', 'node:30098', false],
  ] as const)('%s', (_name, healthCheckNodePort, protocol, to, expected) => {
    expect(accepts(healthCheckNodePort, protocol, to)).toBe(expected);
  });
});

/** What stands in the fixed and the built-in chains without any Service. */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { optionsOf } from '../../../../../test/tracer/modes.ts';
import { aTestbed, HOSTS, packetOf, portOf } from '../../../../../test/tracer/testbed.ts';
import { compileBase, JUMPS } from './base.ts';
import { FIXED_CHAINS } from './names.ts';
import {
  INVALID_DROPPED_ACCOUNTING,
  type IptablesOptions,
  LOCALHOST_NODE_PORTS_ACCOUNTING,
} from './options.ts';

function chain(
  id: ChainId,
  fields: Partial<IptablesOptions>,
  nodePortAddresses: 'all' | readonly string[] = 'all',
) {
  const options = optionsOf(fields.family ?? 'IPv4', fields);
  const content = compileBase(aNodeView({ nodePortAddresses }), options).get(id);
  if (content === undefined) throw new Error(`BUG: no ${id}`);
  return content.head === 'any' ? content.head : [...content.head, ...content.tail].map(formatHeldRule);
}

describe('jumps', () => {
  it('are upstream’s, in the order in which they are put in front of what is there', () => {
    const portals = '-m conntrack --ctstate NEW -m comment --comment "kubernetes service portals"';
    const external =
      '-m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals"';
    const firewall = '-m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall"';
    const comment = (text: string) => `-m comment --comment "kubernetes ${text}"`;
    expect(JUMPS.map(({ from, rule }) => `${from} ${formatHeldRule(rule)}`)).toEqual([
      `filter INPUT ${external} -j KUBE-EXTERNAL-SERVICES`,
      `filter FORWARD ${external} -j KUBE-EXTERNAL-SERVICES`,
      `filter INPUT ${comment('health check service ports')} -j KUBE-NODEPORTS`,
      `filter FORWARD ${portals} -j KUBE-SERVICES`,
      `filter OUTPUT ${portals} -j KUBE-SERVICES`,
      `filter FORWARD ${comment('forwarding rules')} -j KUBE-FORWARD`,
      `filter INPUT ${firewall} -j KUBE-PROXY-FIREWALL`,
      `filter OUTPUT ${firewall} -j KUBE-PROXY-FIREWALL`,
      `filter FORWARD ${firewall} -j KUBE-PROXY-FIREWALL`,
      `nat OUTPUT ${comment('service portals')} -j KUBE-SERVICES`,
      `nat PREROUTING ${comment('service portals')} -j KUBE-SERVICES`,
      `nat POSTROUTING ${comment('postrouting rules')} -j KUBE-POSTROUTING`,
      'filter INPUT -j KUBE-FIREWALL',
      'filter OUTPUT -j KUBE-FIREWALL',
    ]);
  });

  it.each(IP_FAMILIES)('lead to chains that exist in %s', (family) => {
    const base = compileBase(aNodeView({ family }), optionsOf(family));
    for (const { from, rule } of JUMPS) {
      expect([...base.keys()]).toContain(`${from.split(' ')[0]} ${rule.target}`);
    }
    expect([...base.keys()]).toEqual(expect.arrayContaining([...FIXED_CHAINS]));
  });
});

describe('packets that conntrack can’t place', () => {
  const drop = '-m conntrack --ctstate INVALID -j DROP';
  const counted =
    '-m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP';

  it.each<[Partial<IptablesOptions>, string | undefined]>([
    [{}, drop],
    [{ accounting: [INVALID_DROPPED_ACCOUNTING] }, counted],
    [{ accounting: [LOCALHOST_NODE_PORTS_ACCOUNTING] }, drop],
    [{ conntrackLiberal: true }, undefined],
    [{ conntrackLiberal: true, accounting: [INVALID_DROPPED_ACCOUNTING] }, undefined],
  ])('%j: %s', (fields, rule) => {
    expect(chain('filter KUBE-FORWARD', fields)).toEqual([
      ...(rule === undefined ? [] : [rule]),
      '-m comment --comment "kubernetes forwarding rules" -m mark --mark 0x00004000/0x00004000 -j ACCEPT',
      '-m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ]);
  });

  it.each<[IpFamily, boolean, string]>([
    ['IPv4', false, 'DROP'],
    ['IPv4', true, 'sent'],
    ['IPv6', false, 'DROP'],
    ['IPv6', true, 'sent'],
  ])('%s, conntrack liberal %s: %s', (family, conntrackLiberal, end) => {
    const { deliver } = aTestbed('iptables', family, { ports: [], options: { conntrackLiberal } });
    const invalid = { ...packetOf(family, 'pod', 'client:80'), connectionState: 'INVALID' } as const;
    expect(deliver(invalid).map((way) => way.end)).toEqual([end]);
    expect(deliver(packetOf(family, 'pod', 'client:80')).map((way) => way.end)).toEqual(['sent']);
  });
});

describe('the masquerade mark', () => {
  it.each([
    [0, '0x00000001'],
    [14, '0x00004000'],
    [31, '0x80000000'],
  ])('bit %i is %s', (bit, mark) => {
    const fields = { masqueradeMark: 2 ** bit };
    expect(chain('nat KUBE-MARK-MASQ', fields)).toEqual([`-j MARK --or-mark ${mark}`]);
    expect(chain('nat KUBE-POSTROUTING', fields)).toEqual([
      `-m mark ! --mark ${mark}/${mark} -j RETURN`,
      `-j MARK --xor-mark ${mark}`,
      '-m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    ]);
    expect(chain('filter KUBE-FORWARD', fields)).toContainEqual(
      expect.stringContaining(`--mark ${mark}/${mark}`),
    );
    const ports = [portOf('IPv4', { endpoints: ['here'] })];
    const { send } = aTestbed('iptables', 'IPv4', { ports, options: fields });
    expect([send('pod', 'clusterIP:80'), send('client', 'clusterIP:80')]).toEqual(['1', '1*']);
  });
});

describe('the guard of localhost', () => {
  it.each<[Partial<IptablesOptions>, 'any' | readonly string[]]>([
    [
      { localhostNodePorts: true },
      [
        '-m comment --comment "block incoming localnet connections" -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
      ],
    ],
    [{ localhostNodePorts: false }, 'any'],
    [{ family: 'IPv6' }, 'any'],
  ])('%j: %j', (fields, content) => {
    expect(chain('filter KUBE-FIREWALL', fields)).toEqual(content);
  });
});

describe('the jump to NodePorts', () => {
  const comment =
    '-m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain"';
  const { node, localhost } = HOSTS.IPv4;
  const v6 = HOSTS.IPv6;

  it.each<[Partial<IptablesOptions>, 'all' | readonly string[], readonly string[]]>([
    [{ localhostNodePorts: true }, 'all', ['-m addrtype --dst-type LOCAL']],
    [{ localhostNodePorts: false }, 'all', ['-m addrtype --dst-type LOCAL ! -d 127.0.0.0/8']],
    [{ family: 'IPv6' }, 'all', ['-m addrtype --dst-type LOCAL ! -d ::1']],
    [{ localhostNodePorts: true }, [localhost, node], [`-d ${localhost}`, `-d ${node}`]],
    [{ localhostNodePorts: false }, [localhost, node], [`-d ${node}`]],
    [{ family: 'IPv6' }, [v6.localhost, v6.node], [`-d ${v6.node}`]],
    [{}, [], []],
  ])('%j, addresses %j: %j', (fields, nodePortAddresses, conditions) => {
    expect(chain('nat KUBE-SERVICES', fields, nodePortAddresses)).toEqual(
      conditions.map((condition) => `${comment} ${condition} -j KUBE-NODEPORTS`),
    );
  });
});

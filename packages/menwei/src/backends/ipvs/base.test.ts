/** The rules without any Service, and what members of sets make of them. The rest is in test/parity/ipvs-golden.test.ts. */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { formatHeldRule, isForeign } from '@menwei/netfilter/iptables/rule.ts';
import { OPTIONS } from '@menwei/testing/backends/ipvs/testing.ts';
import { describe, expect, it } from 'vitest';
import type { LocalDetector } from '../../services/node-view.ts';
import { compileBase, JUMPS, LAYOUT } from './base.ts';
import { FILTER_IPVS, NAT_MARK_MASQ, NAT_POSTROUTING, NAT_SERVICES } from './names.ts';
import type { IpvsOptions } from './options.ts';
import { type SetId, setShapes } from './sets.ts';

interface Fields extends Partial<IpvsOptions> {
  readonly detectLocal?: LocalDetector;
}

const POD_RANGE: LocalDetector = { by: 'cidr', cidr: '10.0.0.0/8' };

function chainsOf(filled: readonly SetId[], { detectLocal = POD_RANGE, ...options }: Fields = {}) {
  return compileBase({
    options: { ...OPTIONS, ...options },
    detectLocal,
    isFilled: (id) => filled.includes(id),
  });
}

function rulesOf(chain: typeof NAT_SERVICES, filled: readonly SetId[], fields?: Fields) {
  const content = chainsOf(filled, fields).get(chain);
  return content === undefined || content.head === 'any' ? [] : content.head.map(formatHeldRule);
}

/** Without the words. */
function bare(rules: readonly string[]): readonly string[] {
  return rules.map((rule) => rule.replace(/ ?-m comment --comment ("[^"]*"|\S+)/, '').trim());
}

describe('the chains', () => {
  it.each(IP_FAMILIES)('are those of the layout, and every jump leads to one, %s', (family) => {
    const chains = chainsOf([], { family });
    expect(new Set([...chains.keys()].filter((id) => id.includes(' KUBE-')))).toEqual(LAYOUT.fixedChains);
    for (const { from, rule } of JUMPS) {
      expect([...chains.keys()]).toContain(`${from.split(' ')[0]} ${rule.target}`);
      expect(chains.get(from)?.head).toContain(rule);
    }
  });

  it('ask no set that there is not', () => {
    const ids = [...setShapes('IPv6').keys()];
    const names = new Set(Array.from(setShapes('IPv6').values(), ({ name }) => name));
    for (const { head } of chainsOf(ids, { family: 'IPv6' }).values()) {
      for (const rule of head === 'any' ? [] : head) {
        const name = isForeign(rule) ? undefined : rule.set?.name;
        if (name !== undefined) expect(names).toContain(name);
      }
    }
  });

  it('ask no set of ours while those are empty', () => {
    const theirs = [...setShapes('IPv4').keys()].filter((id) => !id.startsWith('MENWEI-'));
    for (const { head } of chainsOf(theirs).values()) expect(JSON.stringify(head)).not.toContain('MENWEI-');
  });
});

describe('names and comments of sets', () => {
  it.each(IP_FAMILIES)('are short enough and each once, %s', (family) => {
    const names = Array.from(setShapes(family).values(), ({ name }) => name);
    expect(new Set(names).size).toBe(22);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(31);
  });

  it.each([
    ['KUBE-LOOP-BACK', 'KUBE-6-LOOP-BACK'],
    ['KUBE-LOAD-BALANCER-SOURCE-CIDR', 'KUBE-6-LOAD-BALANCER-SOURCE-CID'],
    ['KUBE-NODE-PORT-LOCAL-SCTP-HASH', 'KUBE-6-NODE-PORT-LOCAL-SCTP-HAS'],
    ['MENWEI-VIRTUAL-SERVERS', 'MENWEI-6-VIRTUAL-SERVERS'],
  ] as const)('%s is %s', (id, name) => {
    expect(setShapes('IPv6').get(id)?.name).toBe(name);
  });
});

describe('masquerade of what goes to cluster IPs', () => {
  const bridge: LocalDetector = { by: 'bridge', interface: 'cni0' };
  const prefix: LocalDetector = { by: 'prefix', prefix: 'veth' };

  it.each<[Fields, string]>([
    [{}, 'dst,dst ! -s 10.0.0.0/8'],
    [{ detectLocal: bridge }, 'dst,dst ! -i cni0'],
    [{ detectLocal: prefix }, 'dst,dst ! -i veth+'],
    [{ detectLocal: { by: 'none' } }, 'src,dst'],
    [{ masqueradeAll: true }, 'dst,dst'],
    [{ masqueradeAll: true, detectLocal: { by: 'none' } }, 'dst,dst'],
  ])('%j: %s', (fields, condition) => {
    expect(bare(rulesOf(NAT_SERVICES, ['KUBE-CLUSTER-IP'], fields))).toEqual([
      '-s 127.0.0.0/8 -j RETURN',
      `-m set --match-set KUBE-CLUSTER-IP ${condition} -j KUBE-MARK-MASQ`,
      '-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT',
      '-m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT',
    ]);
  });
});

describe('our own rules', () => {
  it('decide what is marked before all others do', () => {
    const filled = [
      'MENWEI-DIRECT',
      'MENWEI-EXTERNAL-NO-LOCAL',
      'KUBE-LOAD-BALANCER',
      'KUBE-EXTERNAL-IP',
    ] as const;
    expect(bare(rulesOf(NAT_SERVICES, filled)).slice(0, 5)).toEqual([
      '-s 127.0.0.0/8 -j RETURN',
      '-m set --match-set MENWEI-DIRECT dst,dst -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
      '-m set --match-set MENWEI-DIRECT dst,dst -j ACCEPT',
      '-m set --match-set MENWEI-EXTERNAL-NO-LOCAL dst,dst -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
      '-m set --match-set KUBE-LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER',
    ]);
  });

  it.each<[IpFamily, Fields, string]>([
    ['IPv4', {}, '! -s 10.0.0.0/8 '],
    ['IPv4', { detectLocal: { by: 'bridge', interface: 'cni0' } }, '! -i cni0 '],
    ['IPv4', { detectLocal: { by: 'none' } }, ''],
    ['IPv6', { detectLocal: { by: 'cidr', cidr: 'fd00:10::/64' } }, '! -s fd00:10::/64 '],
  ])(
    'drop what Local policies keep away before anything is let through, %s %j',
    (family, fields, elsewhere) => {
      const filled = ['MENWEI-INTERNAL-NO-LOCAL', 'MENWEI-EXTERNAL-NO-LOCAL'] as const;
      const ours = family === 'IPv4' ? 'MENWEI' : 'MENWEI-6';
      const kube = family === 'IPv4' ? 'KUBE' : 'KUBE-6';
      expect(bare(rulesOf(FILTER_IPVS, filled, { ...fields, family })).slice(0, 3)).toEqual([
        `-m conntrack --ctstate NEW -m set --match-set ${ours}-INTERNAL-NO-LOCAL dst,dst -j DROP`,
        `${elsewhere}-m conntrack --ctstate NEW -m set --match-set ${ours}-EXTERNAL-NO-LOCAL dst,dst -j DROP`,
        `-m set --match-set ${kube}-LOAD-BALANCER dst,dst -j RETURN`,
      ]);
    },
  );
});

it.each([
  [0, '0x00000001'],
  [14, '0x00004000'],
  [31, '0x80000000'],
])('the mark with bit %i is %s', (bit, mark) => {
  const fields = { masqueradeMark: 2 ** bit };
  expect(rulesOf(NAT_MARK_MASQ, [], fields)).toEqual([`-j MARK --or-mark ${mark}`]);
  expect(bare(rulesOf(NAT_POSTROUTING, [], fields))).toEqual([
    `-m mark ! --mark ${mark}/${mark} -j RETURN`,
    `-j MARK --xor-mark ${mark}`,
    '-j MASQUERADE --random-fully',
  ]);
});

it('knows loopback by its family', () => {
  expect(rulesOf(NAT_SERVICES, [], { family: 'IPv6' })[0]).toBe('-s ::1 -j RETURN');
});

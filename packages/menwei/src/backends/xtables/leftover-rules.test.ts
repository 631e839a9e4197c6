import type { Table } from '@menwei/netfilter/iptables/chain-id.ts';
import { formatScript } from '@menwei/netfilter/iptables/restore-script.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { describe, expect, it } from 'vitest';
import { LAYOUT as IPTABLES } from '../iptables/base.ts';
import { LAYOUT as IPVS } from '../ipvs/base.ts';
import { layoutBeside } from './every-layout.ts';
import type { Layout } from './layout.ts';
import { LeftoverRules } from './leftover-rules.ts';

function read(running: Layout | undefined, table: Table, saved: string): LeftoverRules {
  const rules = new LeftoverRules(layoutBeside(running), table);
  for (const line of saved.split('\n')) rules.line(line.trim());
  return rules;
}

function scriptFor(running: Layout | undefined, table: Table, saved: string): string {
  const script = read(running, table, saved).script();
  return script === undefined ? '' : formatScript([script]);
}

const NAT = `*nat
  :PREROUTING ACCEPT [0:0]
  :KUBE-KUBELET-CANARY - [0:0]
  :KUBE-MARK-MASQ - [0:0]
  :KUBE-PROXY-CANARY - [0:0]
  :KUBE-SERVICES - [0:0]
  :KUBE-SVC-ABC - [0:0]
  -A PREROUTING -m comment --comment "kubernetes service portals -j KUBE-NOTHING" -j KUBE-SERVICES
  -A PREROUTING -i eth7 -j KUBE-SERVICES
  -A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80
  -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
  -A KUBE-SERVICES -d 10.96.0.1/32 -m comment --comment "default/web" -j KUBE-SVC-ABC
  -A KUBE-SVC-ABC -s 10.244.0.0/16 -j KUBE-MARK-MASQ`;

describe('LeftoverRules', () => {
  it('removes chains and every rule of a built-in chain that leads to them, however it is written', () => {
    expect(scriptFor(undefined, 'nat', NAT)).toBe(`*nat
:KUBE-MARK-MASQ - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-ABC - [0:0]
-D PREROUTING -m comment --comment "kubernetes service portals -j KUBE-NOTHING" -j KUBE-SERVICES
-D PREROUTING -i eth7 -j KUBE-SERVICES
-X KUBE-MARK-MASQ
-X KUBE-PROXY-CANARY
-X KUBE-SERVICES
-X KUBE-SVC-ABC
COMMIT
`);
  });

  it('finds nothing where nothing is', () => {
    const saved = '*nat\n:PREROUTING ACCEPT [0:0]\n:CNI - [0:0]\n-A PREROUTING -j CNI\nCOMMIT';
    expect(scriptFor(undefined, 'nat', saved)).toBe('');
  });

  it('leaves what a chain of somebody else leads to as it is, with what that leads to', () => {
    const saved = `*nat
      :POSTROUTING ACCEPT [0:0]
      :CNI-DN - [0:0]
      :KUBE-MARK-MASQ - [0:0]
      :KUBE-SEP-A - [0:0]
      :KUBE-SVC-A - [0:0]
      :KUBE-SVC-B - [0:0]
      -A CNI-DN -p tcp -g KUBE-SVC-A
      -A KUBE-SEP-A -s 10.0.0.1/32 -j KUBE-MARK-MASQ
      -A KUBE-SVC-A -j KUBE-SEP-A
      -A KUBE-SVC-B -j KUBE-SEP-A`;
    expect(scriptFor(undefined, 'nat', saved)).toBe('*nat\n:KUBE-SVC-B - [0:0]\n-X KUBE-SVC-B\nCOMMIT\n');
    expect(read(undefined, 'nat', saved).sharedChains()).toEqual([
      'KUBE-SVC-A',
      'KUBE-SEP-A',
      'KUBE-MARK-MASQ',
    ]);
  });

  it.each([undefined, IPTABLES])(
    'leaves the chain that the kubelet uses too, and what leads to it',
    (running) => {
      const saved = `*filter
      :INPUT ACCEPT [0:0]
      :KUBE-FIREWALL - [0:0]
      -A INPUT -j KUBE-FIREWALL
      -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -j DROP`;
      expect(scriptFor(running, 'filter', saved)).toBe('');
      expect(read(running, 'filter', saved).sharedChains()).toEqual(['KUBE-FIREWALL']);
    },
  );

  it('leaves the chains of the running mode, and removes jumps to them that only another mode has', () => {
    const saved = `*filter
      :INPUT ACCEPT [0:0]
      :KUBE-FIREWALL - [0:0]
      :KUBE-NODE-PORT - [0:0]
      :KUBE-PROXY-CANARY - [0:0]
      :KUBE-PROXY-FIREWALL - [0:0]
      -A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
      -A INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
      -A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
      -A INPUT -j KUBE-FIREWALL`;
    expect(scriptFor(IPTABLES, 'filter', saved)).toBe(`*filter
:KUBE-NODE-PORT - [0:0]
-D INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
-D INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
-X KUBE-NODE-PORT
COMMIT
`);
  });

  it.each([
    ['iptables', IPTABLES],
    ['ipvs', IPVS],
  ])('finds nothing in what the running %s mode has', (_mode, layout) => {
    for (const table of ['filter', 'nat', 'mangle'] as const) {
      const ids = [...layout.fixedChains].filter((id) => id.startsWith(`${table} `));
      const saved = [
        ...ids.map((id) => `:${id.slice(table.length + 1)} - [0:0]`),
        ':KUBE-PROXY-CANARY - [0:0]',
        ...layout.jumps
          .filter(({ from }) => from.startsWith(`${table} `))
          .flatMap(({ from, rule }) => [
            `:${from.slice(table.length + 1)} ACCEPT [0:0]`,
            `-A ${from.slice(table.length + 1)} ${formatHeldRule(rule)}`,
          ]),
      ];
      expect(scriptFor(layout, table, saved.join('\n'))).toBe('');
    }
  });
});

import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { parseHeldRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import { iptablesHooks } from '@menwei/netfilter/trace/iptables/hooks.ts';
import { recentName } from '@menwei/netfilter/trace/iptables/match.ts';
import type { Machine, Packet } from '@menwei/netfilter/trace/packet.ts';
import { describeWays, trace } from '@menwei/netfilter/trace/trace.ts';
import { describe, expect, it } from 'vitest';
import { fromNode, invalid, passing, toNode, withinNode } from '../sample-packets.ts';

const MACHINE: Machine = { addresses: ['192.168.0.2', '2001:db8:1::2'] };
const HOOKS: readonly ChainId[] = [
  'nat PREROUTING',
  'nat OUTPUT',
  'nat POSTROUTING',
  'filter INPUT',
  'filter FORWARD',
  'filter OUTPUT',
];

/** `nat KUBE-SERVICES: -d 172.30.0.1 -j KUBE-SVC-A`, one a line; chains that are not named are empty. */
function rulesetOf(...lines: readonly string[]): Ruleset {
  const fixed = new Map<ChainId, HeldRule[]>(HOOKS.map((hook) => [hook, []]));
  const own = new Map<string, HeldRule[]>();
  for (const line of lines) {
    const [, table, chain = '', text = ''] = /^(\w+) (\S+): (.*)$/.exec(line) ?? [];
    const rule = parseHeldRule(text);
    if (/^KUBE-S(VC|EP)-/.test(chain)) own.set(chain, [...(own.get(chain) ?? []), rule]);
    else if (table === 'nat' || table === 'filter') {
      const id: ChainId = `${table} ${chain}`;
      fixed.set(id, [...(fixed.get(id) ?? []), rule]);
    }
  }
  return { fixed, own };
}

const end = (packet: Packet, ruleset: Ruleset, machine = MACHINE) =>
  describeWays(trace(iptablesHooks(ruleset), packet, machine));

describe('hooks', () => {
  it.each<[string, Packet, string]>([
    ['what passes through', passing, 'nat PREROUTING, filter FORWARD, nat POSTROUTING'],
    ['what is for the node', toNode, 'nat PREROUTING, filter INPUT'],
    ['what the node sends', fromNode, 'nat OUTPUT, filter OUTPUT, nat POSTROUTING'],
    ['what the node sends itself', withinNode, 'nat OUTPUT, filter OUTPUT, nat POSTROUTING, filter INPUT'],
    ['what conntrack can’t place', invalid, 'filter FORWARD'],
  ])('%s', (_name, packet, passed) => {
    const hooks = iptablesHooks(rulesetOf(...HOOKS.map((hook) => `${hook}: -m comment --comment x`)));
    const [way] = trace(hooks, packet, MACHINE);
    expect(way?.steps.map((step) => step.slice(0, step.indexOf(':'))).join(', ')).toBe(passed);
  });

  it('are chosen by the translated destination', () => {
    const dnat = 'nat PREROUTING: -j DNAT --to-destination';
    const closed = 'filter INPUT: -j DROP';
    expect(end(passing, rulesetOf(`${dnat} 192.168.0.2:8080`, closed))).toBe('DROP');
    expect(end(toNode, rulesetOf(`${dnat} 10.0.0.1:8080`, closed))).toBe('10.0.0.1:8080');
    expect(end(toNode, rulesetOf(`${dnat} 10.0.0.1`, closed))).toBe(`10.0.0.1:${toNode.destinationPort}`);
  });

  it('hold our jumps in reverse: each is put in front of the others', () => {
    expect(end(toNode, rulesetOf('filter INPUT: -j DROP', 'filter INPUT: -j REJECT'))).toBe('REJECT');
  });
});

describe('conditions', () => {
  const v6: Packet = { ...passing, source: '2001:db8::5', destination: 'fd00:30::1' };
  it.each<[string, Packet, boolean]>([
    ['-m tcp -p tcp', passing, true],
    ['-m udp -p udp', passing, false],
    ['-m icmp -p icmp --icmp-type 8', passing, false],
    ['-m icmp -p icmp --icmp-type 8', { ...passing, protocol: 'ICMP' }, true],
    ['-m icmp6 -p ipv6-icmp --icmpv6-type 128', { ...v6, protocol: 'ICMP' }, true],
    ['-d 172.30.0.1', passing, true],
    ['-d 172.30.0.1/32', passing, true],
    ['-d 172.30.0.0/16', passing, true],
    ['! -d 172.30.0.0/16', passing, false],
    ['-d fd00:30::/64', v6, true],
    ['-d fd00:31::/64', v6, false],
    ['-m tcp -p tcp --dport 80', passing, true],
    ['-m tcp -p tcp --dport 81', passing, false],
    ['-s 203.0.113.0/24', passing, true],
    ['! -s 203.0.113.0/24', passing, false],
    ['-i eth0', passing, true],
    ['-i eth+', passing, true],
    ['! -i eth+', passing, false],
    ['-i eth1', passing, false],
    ['-i eth+', fromNode, false],
    ['! -i eth+', fromNode, true],
    ['-m addrtype --dst-type LOCAL', passing, false],
    ['-m addrtype --dst-type LOCAL', toNode, true],
    ['-m addrtype --dst-type LOCAL', { ...fromNode, destination: '127.0.0.9' }, true],
    ['-m addrtype ! --dst-type LOCAL', passing, true],
    ['-m addrtype --src-type LOCAL', passing, false],
    ['-m addrtype ! --src-type LOCAL', fromNode, false],
    ['-m addrtype --src-type LOCAL ! --dst-type LOCAL', fromNode, true],
    ['-m physdev ! --physdev-is-in', passing, true],
    ['-m physdev ! --physdev-is-in', { ...passing, isBridged: true }, false],
    ['-m ipvs --vaddr 1.2.3.5 --vproto 17 --vport 80', passing, false],
    ['-m ipvs --vaddr 1.2.3.5 --vproto 17 --vport 80', { ...passing, virtualServer: '1.2.3.5:80/UDP' }, true],
    [
      '-m ipvs --vaddr 1.2.3.5 --vproto 17 --vport 80',
      { ...passing, virtualServer: '1.2.3.5:80/TCP' },
      false,
    ],
    ['-m addrtype --src-type LOCAL', fromNode, true],
    ['-m conntrack --ctstate NEW', passing, true],
    ['-m conntrack --ctstate INVALID', passing, false],
    ['-m conntrack --ctstate INVALID', invalid, true],
    ['-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT', passing, true],
    ['-m mark --mark 0x00000000/0x00004000', passing, true],
    ['-m mark ! --mark 0x00004000/0x00004000', passing, true],
    ['-m recent --name A --rcheck --seconds 9 --reap', passing, false],
    ['-m recent --name A --set', passing, true],
  ])('%s', (condition, packet, isMet) => {
    const hooks = ['filter FORWARD', 'filter INPUT', 'filter OUTPUT'];
    const closed = rulesetOf(...hooks.map((hook) => `${hook}: ${condition} -j DROP`));
    expect(end(packet, closed)).toBe(isMet ? 'DROP' : 'untouched');
  });

  it.each<[string, string, string, Packet, boolean]>([
    ['an address', 'dst', '172.30.0.1', passing, true],
    ['another address', 'dst', '172.30.0.2', passing, false],
    ['the source', 'src', passing.source, passing, true],
    ['address and port', 'dst,dst', '172.30.0.1,tcp:80', passing, true],
    ['address and port, of IPv6', 'dst,dst', 'fd00:30::1,tcp:80', v6, true],
    ['another port', 'dst,dst', '172.30.0.1,tcp:81', passing, false],
    ['another protocol', 'dst,dst', '172.30.0.1,udp:80', passing, false],
    ['the source with that port', 'src,dst', `${passing.source},tcp:80`, passing, true],
    ['a network too', 'dst,dst,src', '172.30.0.1,tcp:80,203.0.113.0/24', passing, true],
    ['another network', 'dst,dst,src', '172.30.0.1,tcp:80,10.0.0.0/8', passing, false],
    ['a port', 'dst', '80', passing, true],
    ['a port, for SCTP', 'dst', '80', { ...passing, protocol: 'SCTP' }, false],
  ])('know who is in a set of %s', (_name, directions, entry, packet, isIn) => {
    const closed = rulesetOf(`filter FORWARD: -m set --match-set S ${directions} -j DROP`);
    const machine = { ...MACHINE, sets: new Map([['S', new Set(['10.9.9.9', entry])]]) };
    expect(end(packet, closed, machine)).toBe(isIn ? 'DROP' : 'untouched');
  });

  it('ask no set that is not there', () => {
    const ruleset = rulesetOf('filter FORWARD: -m set --match-set S dst -j DROP');
    expect(() => end(passing, ruleset)).toThrow('there is no set S');
  });

  it('know what was remembered of the source', () => {
    const ruleset = rulesetOf('filter FORWARD: -m recent --name A --rcheck --seconds 9 --reap -j DROP');
    const endFor = (list: string, client: string, atSeconds: number) => {
      const memo = { data: '', sinceSeconds: 100, forSeconds: Number.POSITIVE_INFINITY };
      return end(passing, ruleset, {
        ...MACHINE,
        memory: new Map([[recentName(list, client), memo]]),
        atSeconds,
      });
    };
    expect(endFor('A', passing.source, 109)).toBe('DROP');
    expect(endFor('A', passing.source, 110)).toBe('untouched');
    expect(endFor('A', '203.0.113.6', 100)).toBe('untouched');
    expect(endFor('B', passing.source, 100)).toBe('untouched');
  });

  it('remember the source', () => {
    const ruleset = rulesetOf('filter FORWARD: -m recent --name A --set');
    const [way] = trace(iptablesHooks(ruleset), passing, { ...MACHINE, atSeconds: 7 });
    expect([...(way?.memory ?? [])]).toEqual([
      [recentName('A', passing.source), { data: '', sinceSeconds: 7, forSeconds: Number.POSITIVE_INFINITY }],
    ]);
  });

  it('see what was done to the packet before', () => {
    const ruleset = rulesetOf(
      'nat KUBE-SVC-A: -j MARK --or-mark 0x00004000',
      'nat KUBE-SVC-A: -j DNAT --to-destination [fd00:10::1]:8080',
      'nat PREROUTING: -j KUBE-SVC-A',
      'nat POSTROUTING: -m mark --mark 0x00004000/0x00004000 -j MASQUERADE --random-fully',
      'filter FORWARD: -m tcp -p tcp -d fd00:10::1 --dport 8080 -m conntrack ! --ctstate DNAT -j DROP',
    );
    expect(end(v6, ruleset)).toBe('[fd00:10::1]:8080*');
  });
});

describe('chance', () => {
  it('leads to every rule that may be taken, with its share', () => {
    const hooks = iptablesHooks(
      rulesetOf(
        'nat PREROUTING: -j KUBE-SVC-A',
        'nat KUBE-SVC-A: -m statistic --mode random --probability 0.3333333333 -j KUBE-SEP-1',
        'nat KUBE-SVC-A: -m statistic --mode random --probability 0.5000000000 -j KUBE-SEP-2',
        'nat KUBE-SVC-A: -j KUBE-SEP-3',
        ...[1, 2, 3].map((n) => `nat KUBE-SEP-${n}: -j DNAT --to-destination 10.0.0.${n}:80`),
      ),
    );
    const ways = trace(hooks, passing, MACHINE);
    expect(describeWays(ways)).toBe('10.0.0.1:80 10.0.0.2:80 10.0.0.3:80');
    for (const { chance } of ways) expect(chance).toBeCloseTo(1 / 3);
  });
});

describe('chains', () => {
  it('go on behind a jump that returns', () => {
    const ruleset = rulesetOf(
      'filter FORWARD: -j KUBE-SERVICES',
      'filter KUBE-SERVICES: -j KUBE-FORWARD',
      'filter KUBE-SERVICES: -j DROP',
      'filter KUBE-FORWARD: -j RETURN',
      'filter KUBE-FORWARD: -j REJECT',
    );
    expect(end(passing, ruleset)).toBe('DROP');
  });

  it('must exist', () => {
    expect(() => end(passing, rulesetOf('filter FORWARD: -j KUBE-LOST'))).toThrow(
      'no chain filter KUBE-LOST',
    );
  });

  it('must hold rules like ours', () => {
    expect(() => end(passing, rulesetOf('filter FORWARD: -m owner --uid-owner 0 -j DROP'))).toThrow(
      'uid-owner',
    );
  });
});

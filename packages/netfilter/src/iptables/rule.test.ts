import type { IpFamily } from '@menwei/addresses/ip.ts';
import { readRule } from '@menwei/testing/kernel/kept-rule.ts';
import { BadCommand, Words } from '@menwei/testing/kernel/rule-words.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMark, formatRule, type Rule } from './rule.ts';
import { parseSavedRule } from './saved-rule.ts';
import { splitWords } from './words.ts';

/** What iptables-save prints of a rule that was written like this. */
function saved(written: string, family: IpFamily = 'IPv4'): string {
  return readRule(new Words(splitWords(written)), { family, hasSet: () => true }).text;
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const negatable = (values: readonly string[]) =>
  fc
    .tuple(fc.constantFrom('', '! '), fc.constantFrom(...values))
    .map(([negation, value]) => negation + value);
const mark = fc.integer({ min: 0, max: 31 }).map((bit) => formatMark(2 ** bit));

const rules: fc.Arbitrary<Rule> = fc
  .record({
    comment: maybe(
      fc.constantFrom(
        ...['ns/web', 'a', 'ns/web:p -> [fd00::1]:80', 'kubernetes service portals; x'],
        ...["type 'hash ip:port'", "it's", 'ip + port with externalTrafficPolicy=local', '+', '='],
      ),
    ),
    recent: maybe(
      fc.constantFrom(
        { name: 'KUBE-SEP-AAAABBBBCCCCDDDD' },
        { name: 'KUBE-SEP-AAAABBBBCCCCDDDD', seconds: 10_800 },
      ),
    ),
    set: maybe(
      fc.constantFrom(
        { name: 'KUBE-CLUSTER-IP', directions: 'dst,dst' },
        { name: 'KUBE-6-LOAD-BALANCER-SOURCE-CID', directions: 'dst,dst,src' },
      ),
    ),
    physdevNotIn: maybe(fc.constant(true as const)),
    sourceType: maybe(fc.constantFrom('LOCAL' as const, '! LOCAL' as const)),
    destinationType: maybe(fc.constantFrom('LOCAL' as const, '! LOCAL' as const)),
    virtual: maybe(
      fc.record({
        ip: fc.constantFrom('1.2.3.5', 'fd00::5'),
        protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
        port: fc.integer({ min: 1, max: 65_535 }),
      }),
    ),
    protocol: maybe(fc.constantFrom('tcp', 'udp', 'sctp', 'icmp', 'ipv6-icmp')),
    icmpType: maybe(fc.constantFrom(8, 128)),
    destination: maybe(negatable(['10.0.0.1', '127.0.0.0/8', '203.0.113.0/25'])),
    destinationPort: maybe(fc.integer({ min: 1, max: 65_535 })),
    source: maybe(negatable(['10.0.0.1', '127.0.0.0/8', '203.0.113.0/25'])),
    inInterface: maybe(negatable(['cni0', 'veth+'])),
    connectionState: maybe(
      fc.constantFrom('NEW', 'INVALID', 'RELATED,ESTABLISHED', '! RELATED,ESTABLISHED,DNAT', '! DNAT'),
    ),
    mark: maybe(
      fc.tuple(fc.constantFrom('', '! '), mark).map(([negation, bit]) => `${negation}${bit}/${bit}`),
    ),
    accounting: maybe(fc.constant('ct_state_invalid_dropped_pkts')),
    oneOf: maybe(fc.integer({ min: 2, max: 5_000 })),
    target: maybe(
      fc.oneof(
        fc.constantFrom('DROP', 'REJECT', 'KUBE-MARK-MASQ', 'MASQUERADE --random-fully'),
        fc.constantFrom('REJECT --reject-with tcp-reset', 'DNAT --to-destination fd00::1'),
        fc.constantFrom('DNAT --to-destination 10.0.0.1:80', 'DNAT --to-destination [fd00::1]:80'),
        fc.integer({ min: 1, max: 65_535 }).map((port) => `REDIRECT --to-ports ${port}`),
        fc.tuple(fc.constantFrom('or', 'xor'), mark).map(([verb, bit]) => `MARK --${verb}-mark ${bit}`),
      ),
    ),
  })
  .map(({ destinationPort, icmpType, ...rule }) => {
    const isIcmp = rule.protocol?.endsWith('icmp') === true;
    return defined({ ...rule, ...(isIcmp ? { icmpType } : rule.protocol && { destinationPort }) });
  });

/** Without the properties that are undefined. */
function defined(rule: { readonly [Key in keyof Rule]: Rule[Key] | undefined }): Rule {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined));
}

/** Parts of rules, ours and others', that can be put together in any order. */
const parts = fc.constantFrom(
  ...['-s 10.0.0.1', '! -s 10.0.0.0/8', '-d 10.0.0.1', '-i cni0', '-o cni0', '-p tcp', '! -p tcp'],
  ...[
    '-m tcp --dport 80',
    '-m tcp ! --dport 80',
    '-m tcp --dport 80:90',
    '-m tcp --sport 80',
    '-p icmp -m icmp --icmp-type 8',
    '-p icmp',
    '-p ipv6-icmp -m icmp6 --icmpv6-type 128',
    '-p udp -m udp',
  ],
  ...[
    '-m comment --comment ns/web',
    '-m comment --comment "two words"',
    String.raw`-m comment --comment "a\"b"`,
  ],
  ...['-m comment --comment ""', '-m addrtype --dst-type LOCAL', '-m addrtype --src-type LOCAL'],
  ...['-m set --match-set A dst', '-m set ! --match-set A dst,dst', '-m set --match-set B src,dst'],
  ...['-m physdev ! --physdev-is-in', '-m physdev --physdev-is-in', '-m addrtype --limit-iface-in'],
  ...['-m ipvs --vaddr 1.2.3.4 --vproto tcp --vport 80', '-m ipvs --vport 80', '-m ipvs ! --vproto udp'],
  ...['-m addrtype --src-type LOCAL --dst-type LOCAL', '-m addrtype ! --src-type LOCAL --dst-type BLACKHOLE'],
  ...['-m addrtype ! --dst-type LOCAL', '-m addrtype --dst-type BROADCAST', '-m conntrack --ctstate NEW'],
  ...[
    '-m conntrack ! --ctstate NEW',
    '-m mark --mark 0x4000/0x4000',
    '-m mark ! --mark 0x4000',
    '-m mark --mark 1',
  ],
  ...[
    '-m statistic --mode random --probability 0.3333333333',
    '-m statistic --mode random --probability 0.4',
  ],
  ...['-m statistic --mode random --probability 0', '-m statistic --mode random ! --probability 0.5'],
  ...['-m recent --name A --set', '-m recent --name A ! --set', '-m recent --name A --set --rdest'],
  ...['-m recent --name A --rcheck --seconds 5 --reap', '-m recent --name A --rcheck --seconds 5'],
  ...[
    '-m recent --name A --rcheck',
    '-m recent --name A --update --seconds 5',
    '-m recent --name A --remove',
  ],
  ...[
    '-m recent --name A --rcheck --seconds 5 --reap --mask 255.255.0.0',
    '-m recent ! --rcheck --seconds 5 --reap',
  ],
  ...['-j DROP', '-j REJECT', '-j REJECT --reject-with tcp-reset', '-j K1', '-j MARK --set-mark 0x1'],
  ...['-j MARK --or-mark 0x4000', '-j MARK --xor-mark 0x4000', '-j MARK --set-xmark 0x4000/0xff'],
  ...['-j MASQUERADE', '-j MASQUERADE --random-fully', '-j DNAT --to-destination 10.0.0.1:80'],
);

function savedOrUndefined(written: string): string | undefined {
  try {
    return saved(written);
  } catch (error) {
    if (error instanceof BadCommand) return undefined;
    throw error;
  }
}

describe('a rule', () => {
  it.each<[string, Rule]>([
    ['', {}],
    ['-j KUBE-SVC-A', { target: 'KUBE-SVC-A' }],
    [
      '-m comment --comment ns/web -s 10.0.0.1 -j K',
      { comment: 'ns/web', source: '10.0.0.1/32', target: 'K' },
    ],
    [
      '-m comment --comment "a b" ! -s fd00::1 -j K',
      { comment: 'a b', source: '! fd00::1/128', target: 'K' },
    ],
    ['-m conntrack --ctstate NEW -m comment --comment a', { comment: 'a', connectionState: 'NEW' }],
    ['-m comment --comment a -m conntrack --ctstate INVALID', { comment: 'a', connectionState: 'INVALID' }],
    [
      '-m tcp -p tcp -d 172.30.0.1 --dport 80',
      { protocol: 'tcp', destination: '172.30.0.1', destinationPort: 80 },
    ],
    ['-m statistic --mode random --probability 0.3333333333 -j K', { oneOf: 3, target: 'K' }],
    ['-m recent --name A --set', { recent: { name: 'A' } }],
    ['-m recent --name A --rcheck --seconds 60 --reap', { recent: { name: 'A', seconds: 60 } }],
    [
      `-m comment --comment "type 'hash ip:port'" -m set --match-set A dst,dst ! -s 10.0.0.0/8 -j K`,
      {
        comment: "type 'hash ip:port'",
        set: { name: 'A', directions: 'dst,dst' },
        source: '! 10.0.0.0/8',
        target: 'K',
      },
    ],
    [
      '-p tcp -m comment --comment a -m set --match-set A dst -j RETURN',
      { comment: 'a', protocol: 'tcp', set: { name: 'A', directions: 'dst' }, target: 'RETURN' },
    ],
    [
      '-m conntrack --ctstate NEW -m set --match-set A dst -j REJECT',
      { connectionState: 'NEW', set: { name: 'A', directions: 'dst' }, target: 'REJECT' },
    ],
    [
      '-m set --match-set A dst,dst -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT',
      {
        set: { name: 'A', directions: 'dst,dst' },
        physdevNotIn: true,
        sourceType: '! LOCAL',
        target: 'ACCEPT',
      },
    ],
    [
      '-s 1.2.3.5 -m ipvs --vaddr 1.2.3.5 --vproto udp --vport 80 -j DROP',
      { source: '1.2.3.5', virtual: { ip: '1.2.3.5', protocol: 'udp', port: 80 }, target: 'DROP' },
    ],
  ])('is written %s', (text, rule) => {
    expect(formatRule(rule)).toBe(text);
  });

  it.each(['a"b', 'a\\b', 'a\nb', 'a\tb', 'a$b', 'a`b', 'ä'])('never carries the comment %j', (comment) => {
    expect(() => formatRule({ comment })).toThrow('BUG: unsafe comment');
  });

  it('is the same rule after it was written, saved and parsed', () => {
    fc.assert(
      fc.property(rules, (rule) => {
        const text = formatRule(rule);
        const parsed = parseSavedRule(saved(text));
        expect(parsed === undefined ? undefined : formatRule(parsed)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same rule for every number of endpoints', () => {
    const wrong = Array.from({ length: 5_000 }, (_, index) => index + 2).filter(
      (oneOf) => parseSavedRule(saved(formatRule({ oneOf })))?.oneOf !== oneOf,
    );
    expect(wrong).toEqual([]);
  });
});

describe('parseSavedRule', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => void parseSavedRule(text)),
    );
    const words = fc.constantFrom(
      '!',
      '"',
      '\\',
      '-m',
      '--mark',
      '--probability',
      '--comment',
      '-j',
      'MARK',
      '/',
      '0',
    );
    fc.assert(fc.property(fc.array(words), (list) => void parseSavedRule(list.join(' '))));
  });

  it('takes no rule of somebody else for one of ours', () => {
    fc.assert(
      fc.property(fc.uniqueArray(parts, { minLength: 1, maxLength: 5 }), (chosen) => {
        const text = savedOrUndefined(chosen.join(' '));
        fc.pre(text !== undefined);
        const rule = parseSavedRule(text);
        if (rule !== undefined) expect(saved(formatRule(rule))).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });
});

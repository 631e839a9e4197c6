import { formatScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { parseHeldRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import { describe, expect, it } from 'vitest';
import { diffInTwo, diffTables, diffTablesInSteps } from './diff.ts';

function rulesetOf(filter: readonly string[], nat: readonly string[] = []): Ruleset {
  return {
    own: new Map(),
    fixed: new Map([
      ['filter KUBE-SERVICES', filter.map(parseHeldRule)],
      ['nat KUBE-SERVICES', nat.map(parseHeldRule)],
    ]),
  };
}

function lines(script: Parameters<typeof formatScript>[0]): readonly string[] {
  return formatScript(script)
    .split('\n')
    .filter((line) => line !== '' && line !== 'COMMIT');
}

describe('the tables', () => {
  it.each<[string, Ruleset, Ruleset, readonly string[]]>([
    [
      'filter first for what it denies from now on',
      rulesetOf(['-j A', '-j B'], ['-j W', '-j X', '-j Y']),
      rulesetOf(['-j A', '-j DENY', '-j B'], ['-j W', '-j X']),
      ['*filter', '-I KUBE-SERVICES 2 -j DENY', '*nat', '-D KUBE-SERVICES -j Y'],
    ],
    [
      'filter last for what it denied',
      rulesetOf(['-j A', '-j DENY', '-j B'], ['-j X']),
      rulesetOf(['-j A', '-j B'], ['-j X', '-j Y']),
      ['*nat', '-I KUBE-SERVICES 2 -j Y', '*filter', '-D KUBE-SERVICES -j DENY'],
    ],
    [
      'filter before and after for both',
      rulesetOf(['-j A', '-j OLD', '-j B', '-j C'], ['-j X']),
      rulesetOf(['-j A', '-j NEW', '-j B', '-j C'], ['-j X', '-j Y']),
      [
        '*filter',
        '-I KUBE-SERVICES 2 -j NEW',
        '*nat',
        '-I KUBE-SERVICES 2 -j Y',
        '*filter',
        '-D KUBE-SERVICES -j OLD',
      ],
    ],
    ['nothing for the same', rulesetOf(['-j A']), rulesetOf(['-j A']), []],
  ])('%s', (_title, from, to, expected) => {
    expect(lines(diffTables(from, to))).toEqual(expected);
  });
});

it('rules that stand in another order are put into the wanted one at once', () => {
  const { bringing, taking } = diffInTwo(
    rulesetOf(['-j B', '-j A', '-j OLD']),
    rulesetOf(['-j A', '-j B']),
    () => true,
  );
  expect(lines(bringing)).toEqual([
    '*filter',
    ':KUBE-SERVICES - [0:0]',
    ...['-A KUBE-SERVICES -j A', '-A KUBE-SERVICES -j B', '-A KUBE-SERVICES -j OLD'],
  ]);
  expect(lines(taking)).toEqual(['*filter', '-D KUBE-SERVICES -j OLD']);
});

it('thousands of chains are compared in steps, whoever drives them', () => {
  const rules = [parseHeldRule('-j X')];
  const chains = (count: number) =>
    new Map(Array.from({ length: count }, (_, i) => [`KUBE-SEP-${i}`, rules]));
  const from = { own: chains(3000), fixed: new Map() };
  const to = { own: chains(2999), fixed: new Map() };
  const steps = [...diffTablesInSteps(from, to)];
  expect(steps.length).toBeGreaterThan(3);
  expect(lines(diffTables(from, to))).toEqual(['*nat', ':KUBE-SEP-2999 - [0:0]', '-X KUBE-SEP-2999']);
});

it('a rule of which a deletion by text might hit another one is not deleted by its text', () => {
  const wide = '-m tcp -p tcp --dport 80 -s fd00::/56 -j A';
  const narrow = '-m tcp -p tcp --dport 80 -s fd00::/64 -j A';
  const others = ['-j B', '-j C', '-j D', '-j E'];
  const change = (from: readonly string[], to: readonly string[]) =>
    lines(diffTables(rulesetOf([], from), rulesetOf([], to)));
  const rewritten = ['*nat', ':KUBE-SERVICES - [0:0]'];
  expect(change([narrow, ...others, wide], [narrow, ...others]).slice(0, 2)).toEqual(rewritten);
  expect(change([...others, wide, narrow], [...others, narrow])).toEqual([
    '*nat',
    `-D KUBE-SERVICES ${wide}`,
  ]);
  const ipv4 = [narrow, wide].map((rule) =>
    rule.replace('fd00::', '10.0.0.0').replace('/64', '/24').replace('/56', '/16'),
  );
  const [narrow4 = '', wide4 = ''] = ipv4;
  expect(change([narrow4, ...others, wide4], [narrow4, ...others])).toEqual([
    '*nat',
    `-D KUBE-SERVICES ${wide4}`,
  ]);
});

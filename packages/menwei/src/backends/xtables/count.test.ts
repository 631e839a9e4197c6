import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { ChainContent } from '@menwei/netfilter/iptables/ruleset.ts';
import { parseHeldRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import { describe, expect, it } from 'vitest';
import { miscountedChains } from './count.ts';

const isOwnChain = (chain: string) => chain.startsWith('KUBE-SVC-');
const WANTED = {
  own: new Map([['KUBE-SVC-A', ['-j X', '-j Y'].map(parseHeldRule)]]),
  fixed: new Map<ChainId, ChainContent>([
    ['nat PREROUTING', ['-m comment --comment "a b" -j KUBE-SERVICES'].map(parseHeldRule)],
    ['nat KUBE-SERVICES', [{ target: 'KUBE-SVC-A' }]],
    ['nat KUBE-EMPTY', []],
    ['nat KUBE-SHARED', 'any'],
    ['filter INPUT', [{ target: 'KUBE-A' }, { target: 'KUBE-B' }]],
  ]),
};
const chain = (rules: number, ...targets: string[]) => ({ rules, targets, newest: 7 });
const RIGHT = {
  PREROUTING: chain(3, 'THEIRS', 'KUBE-SERVICES'),
  'KUBE-SERVICES': chain(1, 'KUBE-SVC-A'),
  'KUBE-SVC-A': chain(2),
  'KUBE-THEIRS': chain(5),
};

describe('miscountedChains', () => {
  it.each<[string, object, readonly string[]]>([
    ['all as it should be', {}, []],
    ['a chain flushed', { 'KUBE-SERVICES': undefined }, ['nat KUBE-SERVICES']],
    ['a rule less in a chain of a service port', { 'KUBE-SVC-A': chain(1) }, ['nat KUBE-SVC-A']],
    ['a rule more', { 'KUBE-SERVICES': chain(2) }, ['nat KUBE-SERVICES']],
    ['a rule where none should be', { 'KUBE-EMPTY': chain(1) }, ['nat KUBE-EMPTY']],
    ['a jump taken away', { PREROUTING: chain(3, 'THEIRS') }, ['nat PREROUTING']],
    ['a built-in chain flushed', { PREROUTING: undefined }, ['nat PREROUTING']],
    ['a chain of a service port that there is not', { 'KUBE-SVC-B': chain(1) }, ['nat KUBE-SVC-B']],
    ['what others have in their chains', { 'KUBE-SHARED': chain(9), THEIRS: chain(2) }, []],
  ])('of nat: %s', (_what, change, wrong) => {
    const counted = new Map(
      Object.entries({ ...RIGHT, ...change }).filter(([, tally]) => tally !== undefined),
    );
    expect(miscountedChains('nat', WANTED, counted, isOwnChain)).toEqual(wrong);
  });

  it('looks at one table only', () => {
    const counted = new Map(Object.entries({ INPUT: chain(2, 'KUBE-A', 'KUBE-A') }));
    expect(miscountedChains('filter', WANTED, counted, isOwnChain)).toEqual(['filter INPUT']);
  });
});

import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import { describe, expect, it } from 'vitest';
import { type BaseChains, type ContributionChange, SharedChains } from './shared-chains.ts';

const NAT: ChainId = 'nat KUBE-SERVICES';
const FILTER: ChainId = 'filter KUBE-SERVICES';

const rules = (...targets: readonly string[]): readonly Rule[] => targets.map((target) => ({ target }));

const base = (tail: string): BaseChains =>
  new Map([
    [NAT, { head: rules('first'), tail: rules(tail) }],
    [FILTER, { head: [], tail: [] }],
    ['filter KUBE-FIREWALL', { head: 'any', tail: [] }],
  ]);

/** `b: nat 1, nat 2` is what service port b puts into which chain, in place of what it had there. */
function change(before: string, after: string): ContributionChange {
  const rulesOf = (text: string) =>
    (text === '' ? [] : text.split(', ')).map((each) => ({
      chain: each.startsWith('nat') ? NAT : FILTER,
      rule: { target: each },
    }));
  const [key = '', rules = ''] = after.split(': ');
  return { key, before: rulesOf(before), after: rulesOf(rules) };
}

describe('shared chains', () => {
  it('hold the rules of the service ports in the order of their keys, whatever comes first', () => {
    const chains = new SharedChains();
    chains.update(base('last'), [change('', 'c: nat c'), change('', 'a: nat a')]);
    chains.update(base('last'), [change('', 'b: nat 1, filter 2, nat 3')]);
    expect(chains.complete()).toEqual(
      new Map<ChainId, unknown>([
        [NAT, rules('first', 'nat a', 'nat 1', 'nat 3', 'nat c', 'last')],
        [FILTER, rules('filter 2')],
        ['filter KUBE-FIREWALL', 'any'],
      ]),
    );
  });

  it('say which of them changed, and how', () => {
    const chains = new SharedChains();
    chains.update(base('last'), [change('', 'a: nat a'), change('', 'b: nat b')]);
    expect(chains.update(base('last'), [change('nat a', 'a: nat a'), change('nat b', 'b: ')])).toEqual({
      before: new Map([[NAT, rules('first', 'nat a', 'nat b', 'last')]]),
      after: new Map([[NAT, rules('first', 'nat a', 'last')]]),
    });
  });

  it('change with what stands around the rules of the service ports', () => {
    const chains = new SharedChains();
    chains.update(base('last'), [change('', 'a: nat a')]);
    expect(chains.update(base('other'), [])).toEqual({
      before: new Map([[NAT, rules('first', 'nat a', 'last')]]),
      after: new Map([[NAT, rules('first', 'nat a', 'other')]]),
    });
    expect(chains.update(new Map(), []).after).toEqual(new Map());
  });
});

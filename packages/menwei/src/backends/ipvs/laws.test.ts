import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { describePureLaws, fillPlan, updatePlan } from '@menwei/testing/backends/laws.ts';
import { histories, type World, worlds } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAYOUT } from './base.ts';
import type { IpvsChanges } from './changes.ts';
import { formatChanges } from './format.ts';
import { IpvsRules } from './rules.ts';
import type { IpvsState } from './state.ts';

function rulesOf(family: IpFamily): IpvsRules {
  return new IpvsRules({
    family,
    masqueradeMark: 1 << 14,
    masqueradeAll: false,
    answeredVIPs: 'pools',
    scheduler: 'rr',
  });
}

describePureLaws('the ipvs mode', rulesOf);

describe.each(IP_FAMILIES)('a plan of the ipvs mode, %s', (family) => {
  const rules = rulesOf(family);
  const differences = (from: IpvsState, to: IpvsState) => formatChanges(rules.diff(from, to));

  it('is the same by any history', () => {
    fc.assert(
      fc.property(histories(family), (history) => {
        const plan = rules.plan();
        for (const [index, world] of history.entries()) updatePlan(rules, plan, history[index - 1], world);
        const last = lastOf(history);
        expect(differences(plan.complete(), fillPlan(rules, last).complete())).toBe('');
        expect(differences(fillPlan(rules, last).complete(), plan.complete())).toBe('');
      }),
    );
  });

  it('is the same whatever comes first', () => {
    fc.assert(
      fc.property(worlds(family), (world) => {
        const reversed = { ...world, ports: new Map([...world.ports].reverse()) };
        const [a, b] = [fillPlan(rules, world).complete(), fillPlan(rules, reversed).complete()];
        expect(rules.isEmpty(rules.diff(a, b))).toBe(true);
        expect([...a.servers].sort(byKey)).toEqual([...b.servers].sort(byKey));
      }),
    );
  });

  it('says of every step all that changes, and nothing else', () => {
    fc.assert(
      fc.property(histories(family), (history) => {
        const plan = rules.plan();
        for (const [index, world] of history.entries()) {
          const before = plan.complete();
          const step = updatePlan(rules, plan, history[index - 1], world);
          const partial = rules.diff(step.before, step.after);
          expect(sorted(partial)).toEqual(sorted(rules.diff(before, plan.complete())));
        }
      }),
    );
  });

  it('has every chain that the layout names, and leads to each of them', () => {
    fc.assert(
      fc.property(worlds(family), (world) => {
        const { fixed } = fillPlan(rules, world).complete().rules;
        const chains = [...fixed.keys()].filter((id) => id.includes(' KUBE-'));
        expect(new Set(chains)).toEqual(LAYOUT.fixedChains);
      }),
    );
  });
});

function lastOf(history: readonly World[]): World {
  const last = history.at(-1);
  if (last === undefined) throw new Error('BUG: a history without a world');
  return last;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** The lines of all that changes, in no order that counts. */
function sorted(changes: IpvsChanges): readonly string[] {
  return formatChanges(changes).split('\n').sort();
}

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { describeIptablesLaws, openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import {
  describeFaultLaws,
  describePureLaws,
  fillPlan,
  install,
  remainder,
  updatePlan,
} from '@menwei/testing/backends/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { histories, worlds } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const signal = new AbortController().signal;

describeIptablesLaws('the fake', {
  openKernel: async (family) => new FakeIptables({ family }),
  runs: { numRuns: 60 },
});

describePureLaws('the iptables mode', (family) => openBackend(new FakeIptables({ family }), family));

describeFaultLaws('the iptables mode', (family, seed) => {
  const fake = new FakeIptables({ family, faults: { seed, rate: 0.4 } });
  return { backend: openBackend(fake, family), stopFaults: () => fake.faults.stop() };
});

describe.each(IP_FAMILIES)('a plan of the iptables mode, %s', (family) => {
  const backend = openBackend(new FakeIptables({ family }), family);

  it('is the same by any history', () => {
    fc.assert(
      fc.property(histories(family), (history) => {
        const plan = backend.plan();
        for (const [index, world] of history.entries()) updatePlan(backend, plan, history[index - 1], world);
        const last = history.at(-1);
        if (last === undefined) throw new Error('BUG: a history without a world');
        const fresh = fillPlan(backend, last);
        expect(new Map(plan.complete().fixed)).toEqual(new Map(fresh.complete().fixed));
        expect(new Map(plan.complete().own)).toEqual(new Map(fresh.complete().own));
      }),
    );
  });
});

describe.each(IP_FAMILIES)('repair after somebody else, %s', (family) => {
  /** What somebody else does to the line at a place (0 up to 1) of what iptables-save prints. */
  const deeds = ['delete', 'duplicate', 'prepend', 'move', 'insert', 'flush', 'remove', 'wipe'] as const;
  const meddling = fc.array(
    fc.tuple(fc.constantFrom(...deeds), fc.double({ min: 0, max: 0.999, noNaN: true })),
    {
      minLength: 1,
      maxLength: 6,
    },
  );

  function meddle(fake: FakeIptables, deed: (typeof deeds)[number], place: number): void {
    const lines = fake.dump().split('\n');
    const index = Math.floor(place * lines.length);
    const table = lines.findLast((line, at) => at <= index && line.startsWith('*')) ?? '';
    const line = lines.slice(index).find((each) => /^-A|^COMMIT/.test(each)) ?? '';
    const [, chain = '', rule = ''] = /^-A (\S+) (.*)/.exec(line) ?? [];
    if (chain === '') return;
    const commands = {
      delete: [`-D ${chain} ${rule}`],
      duplicate: [`-A ${chain} ${rule}`],
      prepend: [`-I ${chain} ${rule}`],
      move: [`-D ${chain} ${rule}`, `-A ${chain} ${rule}`],
      insert: [`-I ${chain} -p tcp -m tcp --dport 22 -m comment --comment theirs -j DROP`],
      flush: [`-F ${chain}`],
      remove: ['-F', ...(chain.startsWith('KUBE-') ? [`-X ${chain}`] : [])],
      wipe: [],
    }[deed];
    if (deed === 'wipe') fake.wipe(table.slice(1));
    else fake.meddle(`${table}\n${commands.join('\n')}\nCOMMIT\n`);
  }

  /** The rules of our chains; of those of the kernel, what leads to ours. */
  function ours(fake: FakeIptables): readonly string[] {
    const rules = fake.dump().split('\n');
    const kube = rules.filter((line) => /^[:]KUBE-|^-A KUBE-/.test(line) && !line.includes('theirs'));
    const jumps = rules.filter((line) => /^-A [A-Z]+ .*KUBE-/.test(line));
    return [...kube, ...new Set(jumps.sort())];
  }

  it('brings back what there was', async () => {
    await fc.assert(
      fc.asyncProperty(worlds(family), meddling, async (world, deedsDone) => {
        const fake = new FakeIptables({ family });
        const backend = openBackend(fake, family);
        const plan = fillPlan(backend, world);
        await install(backend, plan);
        const before = ours(fake);
        for (const [deed, place] of deedsDone) meddle(fake, deed, place);
        await install(backend, plan);
        expect(await remainder(backend, plan)).toBe('');
        expect(ours(fake)).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves no Service behind after cleanup, whatever failed before', async () => {
    await fc.assert(
      fc.asyncProperty(worlds(family), fc.nat(), async (world, seed) => {
        const fake = new FakeIptables({ family, faults: { seed, rate: 0.4 } });
        const backend = openBackend(fake, family);
        await install(backend, fillPlan(backend, world)).catch(() => undefined);
        fake.faults.stop();
        await backend.cleanup(signal);
        expect(fake.dump()).not.toContain('KUBE-SVC-');
      }),
    );
  });
});

/** The fake iptables is an honest one: it behaves as the real tools of both variants do. */

import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { describeIptablesTools, restoreFailure, saved } from '@menwei/testing/kernel/iptables-laws.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSet } from './iptables-saved-rules.ts';
import { describeVariants } from './iptables-variants.ts';

const chain = fc.constantFrom('K1', 'K2', 'K3');
const rule = fc.constantFrom(
  '-j DROP',
  '-s 10.0.0.1 -j ACCEPT',
  '-j K1',
  '-j K2',
  '-p tcp -m tcp --dport 80',
);
const changes = fc.oneof(
  fc.tuple(fc.constantFrom('-A', '-A', '-I', '-D'), fc.oneof(chain, fc.constant('INPUT')), rule),
  fc.tuple(fc.constant('-I'), chain, fc.integer({ min: 1, max: 3 }), rule),
);
/**
 * Chains come first, as in all scripts of this world: the nf_tables tools lose count when one is declared after
 * its rules. A table gets a few commands: of longer scripts hardly any would be free of mistakes.
 */
const tableScript = fc
  .tuple(
    fc.array(
      chain.map((name) => `:${name} - [0:0]`),
      { maxLength: 1 },
    ),
    fc.array(
      changes.map((words) => words.join(' ')),
      { maxLength: 3 },
    ),
    fc.array(
      chain.map((name) => `-X ${name}`),
      { maxLength: 1 },
    ),
  )
  .map((commands) => [...commands.flat(), 'COMMIT', ''].join('\n'));
const scripts = fc
  .tuple(tableScript, tableScript)
  .map(([filter, mangle]) => `*filter\n${filter}*mangle\n${mangle}`);

const THREE_CHAINS = '*filter\n:K1 - [0:0]\n:K2 - [0:0]\n:K3 - [0:0]\nCOMMIT\n';

describeVariants((variant, openKernel) => {
  it('finds the variant', async () => {
    expect((await openKernel('IPv4')).variant).toBe(variant);
  });

  describeIptablesTools('the kernel', async (family) => {
    const tools = await openKernel(family);
    createSet(family === 'IPv4' ? 'S4' : 'S6', 'dst,dst', family);
    return tools;
  });

  it('comes with the fake to the same rules by any scripts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(scripts, { minLength: 5, maxLength: 12 }), async (history) => {
        const real = await openKernel('IPv4');
        const fake = new FakeIptables();
        for (const script of [THREE_CHAINS, ...history]) {
          const failed = (await restoreFailure(real, script)) !== undefined;
          expect((await restoreFailure(fake, script)) !== undefined).toBe(failed);
          for (const table of ['filter', 'mangle'])
            expect(await saved(fake, table)).toEqual(await saved(real, table));
        }
      }),
      { numRuns: 8, seed: 1 },
    );
  });
});

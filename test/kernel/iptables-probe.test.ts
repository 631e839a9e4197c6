/** Probes of tables, past the tools, say what the tools say. */

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { NftablesProbe } from '@menwei/kernel/iptables-probe.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';

const signal = new AbortController().signal;
const TABLES = ['filter', 'nat'];
const SCRIPT = `*nat
:KUBE-A - [0:0]
:KUBE-B - [0:0]
:KUBE-EMPTY - [0:0]
-A PREROUTING -m comment --comment "to KUBE-B" -j KUBE-A
-A PREROUTING -p tcp -j RETURN
-A KUBE-A -p tcp -m statistic --mode random --probability 0.5 -j KUBE-B
-A KUBE-A -j KUBE-B
-A KUBE-B -p tcp -j REDIRECT --to-ports 80
COMMIT
`;

describeVariants((variant, openKernel) => {
  let tools: IptablesTools;

  it.each(IP_FAMILIES)(
    'has another stamp after each change, and no other one without, %s',
    async (family) => {
      tools = await openKernel(family);
      const stamps = [tools.probe.stamp(TABLES)];
      for (const script of [
        SCRIPT,
        '*nat\n-D KUBE-A -j KUBE-B\nCOMMIT\n',
        '*filter\n:KUBE-A - [0:0]\nCOMMIT\n',
      ]) {
        await tools.restore([script], signal);
        stamps.push(tools.probe.stamp(TABLES));
        await tools.save('nat', () => undefined, signal);
        expect(tools.probe.stamp(TABLES)).toBe(stamps.at(-1));
      }
      expect(stamps).not.toContain(undefined);
      expect(new Set(stamps).size).toBe(4);
    },
  );

  if (variant === 'legacy') return;

  it.each(IP_FAMILIES)('counts rules and sees where they lead, whosever they are, %s', async (family) => {
    tools = await openKernel(family);
    await tools.restore([SCRIPT], signal);
    const count = async () => {
      const counted = (await tools.probe.countRules?.('nat', false, signal)) ?? new Map();
      return [...counted].map(([chain, { rules, targets }]) => [chain, rules, ...targets]).sort();
    };
    expect(await count()).toEqual([
      ['KUBE-A', 2, 'KUBE-B', 'KUBE-B'],
      ['KUBE-B', 1],
      ['PREROUTING', 2, 'KUBE-A'],
    ]);
    await tools.restore(['*nat\n-F KUBE-A\nCOMMIT\n'], signal);
    expect(await count()).toEqual([
      ['KUBE-B', 1],
      ['PREROUTING', 2, 'KUBE-A'],
    ]);
  });

  it.each(IP_FAMILIES)('counts large tables chain by chain to the same, %s', async (family) => {
    tools = await openKernel(family);
    const large = new NftablesProbe(family, 0);
    const changes = [
      SCRIPT,
      '*nat\n-D KUBE-A -j KUBE-B\nCOMMIT\n',
      '*nat\n-F KUBE-A\nCOMMIT\n',
      // As many rules as before, but they lead elsewhere.
      '*nat\n-F PREROUTING\n-A PREROUTING -j RETURN\n-A PREROUTING -j KUBE-B\nCOMMIT\n',
      '*nat\n:KUBE-B - [0:0]\nCOMMIT\n',
      '*nat\n-F PREROUTING\n-X KUBE-B\nCOMMIT\n',
    ];
    const unseen = '*nat\n-A KUBE-A -j KUBE-B\n-F KUBE-B\nCOMMIT\n';
    for (const change of [...changes, SCRIPT, unseen]) {
      const afresh = change === unseen;
      await tools.restore([change], signal);
      const counted = await large.countRules('nat', afresh, signal);
      expect(new Map([...counted].sort())).toEqual(
        new Map([...((await tools.probe.countRules?.('nat', false, signal)) ?? [])].sort()),
      );
    }
  });

  it('knows rules that came later by higher numbers', async () => {
    tools = await openKernel('IPv4');
    await tools.restore([SCRIPT], signal);
    const newest = async (chain: string) =>
      (await tools.probe.countRules?.('nat', false, signal))?.get(chain)?.newest ?? 0;
    const before = await newest('KUBE-A');
    await tools.restore(['*nat\n-A KUBE-B -j RETURN\nCOMMIT\n'], signal);
    expect(await newest('KUBE-A')).toBe(before);
    expect(await newest('KUBE-B')).toBeGreaterThan(before);
  });
});

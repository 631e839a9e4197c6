/** Whether legacy tables have changed, past the tools. */
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';

const signal = new AbortController().signal;
const TABLES = ['filter', 'nat'];
const SCRIPTS = [
  '*nat\n:KUBE-A - [0:0]\n-A PREROUTING -j KUBE-A\n-A KUBE-A -j RETURN\nCOMMIT\n',
  '*nat\n-D KUBE-A -j RETURN\nCOMMIT\n',
  '*filter\n:KUBE-A - [0:0]\nCOMMIT\n',
];

describeVariants((_variant, openKernel) => {
  it.each(IP_FAMILIES)(
    'have another stamp after each change, and no other one without, %s',
    async (family) => {
      const tools = await openKernel(family);
      const stamps = [tools.stamp(TABLES)];
      for (const script of SCRIPTS) {
        await tools.restore([script], signal);
        stamps.push(tools.stamp(TABLES));
        await tools.save('nat', () => undefined, signal);
        expect(tools.stamp(TABLES)).toBe(stamps.at(-1));
      }
      expect(stamps).not.toContain(undefined);
      expect(new Set(stamps).size).toBe(4);
    },
  );
}, 'legacy');

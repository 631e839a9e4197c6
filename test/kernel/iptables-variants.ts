/** Both variants of the iptables tools, whichever of them the machine uses by default. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { findIptables, type IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import type { IptablesVariant } from '@menwei/kernel/iptables-variant.ts';
import { startToolRunner, type ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { afterAll, beforeAll, describe, it } from 'vitest';

const VARIANTS = [
  { variant: 'legacy', binary: '/usr/sbin/xtables-legacy-multi' },
  { variant: 'nf_tables', binary: '/usr/sbin/xtables-nft-multi' },
] as const;
const TOOLS = ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);
const EMPTYING = ['filter', 'nat', 'mangle'].map((table) => `*${table}\n-F\n-X\nCOMMIT\n`);

/** Finds the tools of a family and takes all rules out of the test's network namespace. */
type OpenEmptyKernel = (family: IpFamily) => Promise<IptablesTools>;

/** Runs a suite once for each variant, or for one, that the kernel has the tables for. */
export function describeVariants(
  suite: (variant: IptablesVariant, openKernel: OpenEmptyKernel) => void,
  only?: IptablesVariant,
): void {
  describe.each(VARIANTS.filter(({ variant }) => variant === (only ?? variant)))(
    'iptables $variant',
    ({ variant, binary }) => {
      if (!hasTables(binary)) return void it.skip('is not in this kernel');
      const folder = mkdtempSync(join(tmpdir(), 'menwei-tools-'));
      const pathBefore = process.env.PATH;
      const signal = new AbortController().signal;
      let runner: ToolRunner;

      beforeAll(() => {
        for (const tool of TOOLS) symlinkSync(binary, join(folder, tool));
        process.env.PATH = `${folder}:${pathBefore}`;
        runner = startToolRunner();
      });

      afterAll(() => {
        runner.close();
        process.env.PATH = pathBefore;
        rmSync(folder, { recursive: true });
      });

      suite(variant, async (family) => {
        const tools = await findIptables(runner, family, signal);
        await tools.restore(EMPTYING, signal);
        return tools;
      });
    },
  );
}

/** The tools read tables that the kernel has not as empty ones; only writing tells. */
function hasTables(binary: string): boolean {
  return ['-N', '-X'].every(
    (verb) => spawnSync(binary, ['iptables', '-t', 'mangle', verb, 'PROBE']).status === 0,
  );
}

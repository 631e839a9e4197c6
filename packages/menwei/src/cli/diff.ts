/** `menwei diff`: what the kernel holds against what it should hold. */
import type { Command } from 'commander';
import { addProxyAction } from '../setup/proxy-options.ts';

export function registerDiffCommand(program: Command): void {
  const command = program
    .command('diff')
    .description(
      'print what the proxy would change now; exit status 0: nothing, and nothing is left out, 1: otherwise; takes run’s flags',
    )
    .addHelpText('after', '\nThe other flags of run are accepted, and make no difference.');
  addProxyAction(
    command,
    async (flags) => {
      const { diffKernel } = await import('../inspect/diff-kernel.ts');
      await diffKernel(flags);
    },
    { onlyLooks: true },
  );
}

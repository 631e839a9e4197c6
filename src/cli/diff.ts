/** `menwei diff`: what the kernel holds against what it should hold. */
import type { Command } from 'commander';
import { addProxyFlags, givenFlags } from '../config/flags.ts';
import { orFail } from './failure.ts';

export function registerDiffCommand(program: Command): void {
  const command = program
    .command('diff')
    .description(
      'print what the proxy would change now; exit status 0: nothing, 1: something; takes run’s flags',
    );
  addProxyFlags(command)
    .option(
      '--service-node-port-range <range>',
      'where NodePorts of --manifests may lie (default: 30000-32767)',
    )
    .action(({ serviceNodePortRange: nodePortRange }: { readonly serviceNodePortRange?: string }) =>
      orFail(async () => {
        const { diffKernel } = await import('./diff-kernel.ts');
        await diffKernel({ flags: givenFlags(command), nodePortRange });
      }),
    );
}

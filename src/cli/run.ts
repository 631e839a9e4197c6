/** `menwei run`: the proxy. */
import type { Command } from 'commander';
import { addProxyFlags, givenFlags } from '../config/flags.ts';
import { orFail } from './failure.ts';

export function registerRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('run the proxy; takes kube-proxy’s flags and config file');
  addProxyFlags(command)
    .option(
      '--service-node-port-range <range>',
      'where NodePorts of --manifests may lie (default: 30000-32767)',
    )
    .action(({ serviceNodePortRange: nodePortRange }: { readonly serviceNodePortRange?: string }) =>
      orFail(async () => {
        const { runProxy } = await import('./serve.ts');
        await runProxy({ flags: givenFlags(command), nodePortRange });
      }),
    );
}

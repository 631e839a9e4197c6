/** `menwei run`: the proxy. */
import type { Command } from 'commander';
import { addProxyAction } from '../setup/proxy-options.ts';

export function registerRunCommand(program: Command): void {
  const command = program
    .command('run')
    .description('run the proxy; takes kube-proxy’s flags and config file');
  addProxyAction(command, async (input) => {
    const { runProxy } = await import('../agent/run-proxy.ts');
    await runProxy(input);
  });
}

/** `menwei run`: the proxy. */
import type { Command } from 'commander';
import { addProxyAction } from '../setup/proxy-options.ts';

export function registerRunCommand(program: Command): void {
  addRun(program.command('run').description('run the proxy; takes kube-proxy’s flags and config file'));
}

/** Lets a command, or a whole program, run the proxy. */
export function addRun(command: Command): void {
  addProxyAction(command, async (flags) => {
    const { runProxy } = await import('../agent/run-proxy.ts');
    await runProxy(flags);
  });
}

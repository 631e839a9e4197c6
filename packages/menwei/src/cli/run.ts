/** `menwei run`: the proxy. */
import type { Command } from 'commander';
import { addProxyAction } from '../setup/proxy-options.ts';

export function registerRunCommand(program: Command): void {
  const description = 'run the proxy; takes kube-proxy’s flags and config file';
  addRun(program.command('run').description(description), 'menwei');
}

/** Lets a command, or a whole program, run the proxy. */
export function addRun(command: Command, program: 'menwei' | 'kube-proxy'): void {
  addProxyAction(command, async (flags) => {
    const { runProxy } = await import('../agent/run-proxy.ts');
    await runProxy(flags, program);
  });
}

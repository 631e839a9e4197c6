/** `menwei cleanup`: takes what any mode has programmed out of the kernel. */
import type { Command } from 'commander';
import { orFail } from '../setup/failure.ts';

export function registerCleanupCommand(program: Command): void {
  program
    .command('cleanup')
    .description('remove what every mode has programmed')
    .action(() =>
      orFail(async () => {
        const { runProxy } = await import('../agent/run-proxy.ts');
        await runProxy({ flags: { cleanup: true }, nodePortRange: undefined });
      }),
    );
}

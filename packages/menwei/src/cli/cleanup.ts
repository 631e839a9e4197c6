/** `menwei cleanup`: takes what any mode has programmed out of the kernel. */
import { type Command, Option } from 'commander';
import { orFail } from '../setup/failure.ts';

const MODES = ['iptables', 'ipvs', 'nftables'] as const;

interface CleanupFlags {
  readonly keepKubeProxy?: (typeof MODES)[number];
}

export function registerCleanupCommand(program: Command): void {
  program
    .command('cleanup')
    .description('remove what every mode has programmed, kube-proxy’s too, and print what that was')
    .addOption(
      new Option(
        '--keep-kube-proxy <mode>',
        'leave what a kube-proxy in this mode uses: for going back to it',
      ).choices(MODES),
    )
    .action(({ keepKubeProxy }: CleanupFlags) =>
      orFail(async () => {
        const { runProxy } = await import('../agent/run-proxy.ts');
        const kept = keepKubeProxy && ({ mode: keepKubeProxy, program: 'kube-proxy' } as const);
        await runProxy({ cleanup: true }, 'menwei', kept);
      }),
    );
}

/** `menwei announce`: announces load-balancer addresses beside a proxy that another process runs. */
import type { Command } from 'commander';
import type { AnnounceFlags } from '../agent/run-announce.ts';
import { orFail } from '../setup/failure.ts';
import { addAnnounceFlags } from '../setup/proxy-options.ts';

export function registerAnnounceCommand(program: Command): void {
  const command = program
    .command('announce')
    .description('announce load-balancer addresses of this node beside another proxy, until a signal ends it')
    .option(
      '--proxy-healthz-url <url>',
      'health check of the proxy of this node; nothing is announced before it is good',
      'http://127.0.0.1:10256/healthz',
    )
    .option(
      '--status-bind-address <address:port>',
      'where /healthz, /metrics and /status/addresses are told; empty: nowhere',
      '127.0.0.1:10265',
    );
  addAnnounceFlags(command, async (flags) => {
    const own = command.opts<AnnounceFlags>();
    await orFail(async () => {
      const { runAnnounce } = await import('../agent/run-announce.ts');
      await runAnnounce(flags, own);
    });
  });
}

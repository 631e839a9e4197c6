/** `menwei status`: what became of every service port, as a running proxy tells it. */
import { type Command, Option } from 'commander';
import { orFail } from '../setup/failure.ts';
import type { StatusOptions } from '../status/show-status.ts';

export function registerStatusCommand(program: Command): void {
  program
    .command('status')
    .description(
      'print the service ports of the proxy that runs on this node: state, since when, endpoints, reason; exit status 1 if it can’t be asked',
    )
    .addOption(
      new Option('-o, --output <format>', 'wide: more columns; json: as the proxy tells it').choices([
        'wide',
        'json',
      ]),
    )
    .option('-w, --watch', 'then print each service port that changes, until interrupted')
    .option(
      '--metrics-bind-address <address>',
      'the metrics server of the proxy, as given to run (default: 127.0.0.1:10249)',
    )
    .option('--config <file>', 'the KubeProxyConfiguration of the proxy, which names its metrics server')
    .action((options: StatusOptions) =>
      orFail(async () => {
        const { showStatus } = await import('../status/show-status.ts');
        await showStatus(options);
      }),
    );
}

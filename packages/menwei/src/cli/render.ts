/** `menwei render`: what a node would program, as text, without root and without touching the kernel. */

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { type Command, Option } from 'commander';
import { MODE_NAMES } from '../config/settings.ts';
import type { RenderOptions } from '../inspect/render-rules.ts';
import { orFail } from '../setup/failure.ts';

export function registerRenderCommand(program: Command): void {
  program
    .command('render')
    .description(
      'print what a node would program for the objects in some files; exit status 1 and no output if something would be left out',
    )
    .requiredOption('-f, --file <path...>', 'manifest files or folders')
    .addOption(
      new Option(
        '--mode <mode>',
        'proxy mode; prints input for iptables-restore, nft, or each of ip, ipset, iptables-restore and ipvsadm',
      ).choices(MODE_NAMES),
    )
    .option('--node <name>', 'name of the node; the only Node in the files, or this machine, unless given')
    .option('--node-ip <ip>', 'address of the node; the Node object’s unless given')
    .option('--cluster-cidr <cidr>', 'CIDR of the pods in the cluster, one of each IP family at most')
    .option('--config <file>', 'KubeProxyConfiguration with the other settings')
    .option('--service-node-port-range <range>', 'range of NodePorts (default: 30000-32767)')
    .option('--keep-going', 'print the rest although something is left out; the exit status stays 1')
    .option('--health <file>', 'endpoints that health checks have found to be down, as YAML or JSON')
    .addOption(
      new Option('--family <family>', 'IP family to print; the primary one unless given').choices(
        IP_FAMILIES,
      ),
    )
    .action((options: RenderOptions) =>
      orFail(async () => {
        const { render } = await import('../inspect/render-rules.ts');
        await render(options);
      }),
    );
}

/** `menwei lab`: a small cluster of network namespaces on this machine. */
import { LAB_FILE_EXAMPLE } from '@menwei/lab/lab-file-example.ts';
import { type Command, Option } from 'commander';
import { MODE_NAMES } from '../config/settings.ts';
import type { DemoOptions, NameOption, UpOptions } from '../lab/lab-commands.ts';
import { orFail } from '../setup/failure.ts';

type LabCommands = typeof import('../lab/lab-commands.ts');

/** What the commands need is loaded by who uses one. */
function act(command: (commands: LabCommands) => Promise<void>): Promise<void> {
  return orFail(async () => command(await import('../lab/lab-commands.ts')));
}

export function registerLabCommand(program: Command): void {
  const lab = program
    .command('lab')
    .description('a small cluster of network namespaces on this machine, with real traffic');
  const named = (command: Command): Command =>
    command.option('--name <name>', 'which lab, if there are several', 'default');

  named(lab.command('up'))
    .description('build the cluster that a file describes and keep it until `menwei lab down`')
    .requiredOption('-f, --file <file>', 'the cluster, in YAML or JSON')
    .option('--manifests <path>', 'run menwei on every node with the objects of this file or folder')
    .addOption(proxyModeOption())
    .option('--foreground', 'hold the lab in this process and show what the proxies log')
    .addHelpText('after', `\nThe file:\n\n${LAB_FILE_EXAMPLE.replaceAll(/^(?=.)/gm, '  ')}`)
    .action((options: UpOptions) => act(({ up }) => up(options)));
  named(lab.command('run'))
    .description('run a command on a node, in a pod, on the client or the wire, by its name')
    .usage('[options] <host> -- <command...>')
    .argument('<host>')
    .argument('<command...>')
    .action((host: string, command: string[], options: NameOption) =>
      act(({ run }) => run(host, command, options)),
    );
  named(lab.command('status'))
    .description('what is up')
    .addOption(new Option('--output <format>', 'how it is printed').choices(['text', 'json']).default('text'))
    .action((options: NameOption & { readonly output: string }) => act(({ status }) => status(options)));
  named(lab.command('down'))
    .description('take the lab down')
    .action((options: NameOption) => act(({ down }) => down(options)));
  lab
    .command('demo')
    .description('show one Service on two nodes: its rules, its traffic, and a pod that turns unready')
    .addOption(proxyModeOption())
    .option(
      '--forwarding <way>',
      'ipvs mode: show pods that own the addresses of their Service instead, to which packets come direct or by tunnel',
    )
    .action((options: DemoOptions) => act(({ demo }) => demo(options)));
}

function proxyModeOption(): Option {
  return new Option('--proxy-mode <mode>', 'the mode menwei runs in').choices(MODE_NAMES).default('iptables');
}

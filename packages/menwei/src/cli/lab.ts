/** `menwei lab`: a small cluster of network namespaces on this machine. */
import { LAB_FILE_EXAMPLE } from '@menwei/lab/lab-file-example.ts';
import { type Command, Option } from 'commander';
import { MODE_NAMES } from '../config/settings.ts';
import type { DemoOptions, RestartOptions } from '../lab/lab-commands.ts';
import type { NameOption } from '../lab/resident-lab.ts';
import type { LogOptions } from '../lab/show-log.ts';
import type { UpOptions } from '../lab/up.ts';
import { WITHOUT_PROXY } from '../lab/without-proxy.ts';
import { orFail } from '../setup/failure.ts';
import { registerFaultCommands } from './lab-faults.ts';

type LabCommands = typeof import('../lab/lab-commands.ts');

/** What the commands need is loaded by who uses one. */
function act(command: (commands: LabCommands) => Promise<void>): Promise<void> {
  return orFail(async () => command(await import('../lab/lab-commands.ts')));
}

export function registerLabCommand(program: Command): void {
  const lab = program
    .command('lab')
    .description('a small cluster of network namespaces on this machine, with real traffic')
    .enablePositionalOptions();
  registerUp(lab);
  registerRun(lab);
  addCommand(lab, 'status')
    .description('what is up')
    .addOption(new Option('--output <format>', 'how it is printed').choices(['text', 'json']).default('text'))
    .action((options: NameOption & { readonly output: string }) => act(({ status }) => status(options)));
  registerProxyCommands(lab);
  registerClusterCommands(lab);
  registerFaultCommands((name) => addCommand(lab, name));
  addCommand(lab, 'down')
    .description('take the lab down')
    .action((options: NameOption) => act(({ down }) => down(options)));
  registerDemo(lab);
}

/** One that is about a lab that is up, or comes up. */
function addCommand(lab: Command, name: string): Command {
  const option = new Option('--name <name>', 'which lab, if there are several');
  return lab.command(name).addOption(option.env('MENWEI_LAB').default('default'));
}

function registerUp(lab: Command): void {
  addCommand(lab, 'up')
    .description(
      'build the cluster that a file describes, and end when its proxies have programmed what there is; it stays until `menwei lab down`',
    )
    .requiredOption('-f, --file <file>', 'the cluster, in YAML or JSON')
    .option('--manifests <path>', 'put the objects of this file or folder into the cluster, once')
    .addOption(
      new Option('--proxy-mode <mode>', 'the mode of the proxy on every node; none: no proxy')
        .choices([...MODE_NAMES, WITHOUT_PROXY])
        .default('iptables'),
    )
    .addOption(new Option('--holder').hideHelp())
    .option('--foreground', 'hold the lab in this process and show what the proxies log')
    .addHelpText('after', `\nThe file:\n\n${LAB_FILE_EXAMPLE.replaceAll(/^(?=.)/gm, '  ')}`)
    .action((options: UpOptions) =>
      orFail(async () => {
        // With all of a cluster, which the other commands do without.
        const { up } = await import('../lab/up.ts');
        await up(options);
      }),
    );
}

function registerRun(lab: Command): void {
  addCommand(lab, 'run')
    .description('run a command on a node, in a pod, on the client or the wire, by its name')
    .usage('[options] <host> -- <command...>')
    .argument('<host>')
    .argument('<command...>')
    .action((host: string, command: string[], options: NameOption) =>
      act(({ run }) => run(host, command, options)),
    );
}

function registerProxyCommands(lab: Command): void {
  addCommand(lab, 'logs')
    .description('what the proxy of a node has logged')
    .argument('<node>')
    .option('-f, --follow', 'then what it goes on to log, until interrupted')
    .action((node: string, options: LogOptions) => act(({ logs }) => logs(node, options)));
  addCommand(lab, 'restart')
    .description(
      'end the proxy of a node and start it anew, with more flags of `menwei run` if some are given; ends when it has programmed what there is',
    )
    .usage('[options] <node> [-- <flags...>]')
    .argument('<node>')
    .argument('[flags...]')
    .addOption(proxyModeOption('the mode from now on; as before unless given'))
    .action((node: string, flags: string[], options: RestartOptions) =>
      act(({ restart }) => restart(node, flags, options)),
    );
  addCommand(lab, 'diff')
    .description('`menwei diff` on a node: what its kernel holds against what it should hold')
    .argument('<node>')
    .action((node: string, options: NameOption) => act(({ diff }) => diff(node, options)));
}

function registerClusterCommands(lab: Command): void {
  addCommand(lab, 'kubectl')
    .description('a kubectl of this machine on the cluster of the lab')
    .usage('[options] <arguments...>')
    .argument('[arguments...]')
    .allowUnknownOption()
    .passThroughOptions()
    .action((args: string[], options: NameOption) => act(({ kubectl }) => kubectl(args, options)));
  for (const isReady of [true, false]) {
    addCommand(lab, isReady ? 'ready' : 'unready')
      .description(`have a pod reported as ${isReady ? '' : 'not '}ready; its servers answer in either case`)
      .argument('<pod>')
      .action((pod: string, options: NameOption) => act(({ setReady }) => setReady(pod, isReady, options)));
  }
}

function registerDemo(lab: Command): void {
  lab
    .command('demo')
    .description('show one Service on two nodes: its rules, its traffic, and a pod that turns unready')
    .addOption(proxyModeOption().default('iptables'))
    .option(
      '--forwarding <way>',
      'ipvs mode: show pods that own the addresses of their Service instead, to which packets come direct or by tunnel',
    )
    .action((options: DemoOptions) => act(({ demo }) => demo(options)));
}

function proxyModeOption(description = 'the mode menwei runs in'): Option {
  return new Option('--proxy-mode <mode>', description).choices(MODE_NAMES);
}

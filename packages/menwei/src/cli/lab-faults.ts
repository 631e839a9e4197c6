/** The commands of `menwei lab` that have something happen to a node. */
import type { Command } from 'commander';
import type { NameOption } from '../lab/resident-lab.ts';
import { orFail } from '../setup/failure.ts';

type FaultCommands = typeof import('../lab/fault-commands.ts');

/** What the commands need is loaded by who uses one. */
function act(command: (commands: FaultCommands) => Promise<void>): Promise<void> {
  return orFail(async () => command(await import('../lab/fault-commands.ts')));
}

/** @param addCommand adds one that is about a lab that is up */
export function registerFaultCommands(addCommand: (name: string) => Command): void {
  const ofNode = (name: string, description: string): Command =>
    addCommand(name).description(description).argument('<node>');
  ofNode('kill', 'end the proxy of a node by SIGKILL; `menwei lab restart` starts it anew').action(
    (node: string, options: NameOption) => act(({ signalProxy }) => signalProxy('kill', node, options)),
  );
  ofNode('pause', 'stop the proxy of a node (SIGSTOP), as when it hangs').action(
    (node: string, options: NameOption) => act(({ signalProxy }) => signalProxy('pause', node, options)),
  );
  ofNode('resume', 'have a proxy that was paused go on (SIGCONT)').action(
    (node: string, options: NameOption) => act(({ signalProxy }) => signalProxy('resume', node, options)),
  );
  ofNode('link-down', 'pull the cable of a node to the wire: it loses its carrier').action(
    (node: string, options: NameOption) => act(({ linkDown }) => linkDown(node, options)),
  );
  ofNode(
    'isolate',
    'cut a node off from the others, the client and the API server; its carrier stays, as when a switch fails',
  ).action((node: string, options: NameOption) => act(({ isolate }) => isolate(node, options)));
  ofNode('link-up', 'connect it again').action((node: string, options: NameOption) =>
    act(({ linkUp }) => linkUp(node, options)),
  );
  ofNode('power-off', 'end a node without a word: its proxy is killed, and its link cut').action(
    (node: string, options: NameOption) => act(({ powerOff }) => powerOff(node, options)),
  );
  ofNode('power-on', 'connect it again, and start its proxy').action((node: string, options: NameOption) =>
    act(({ powerOn }) => powerOn(node, options)),
  );
  ofNode(
    'drain',
    'have a node leave: cordon it, and taint it as the cluster autoscaler does before it removes one',
  ).action((node: string, options: NameOption) => act(({ drain }) => drain(node, true, options)));
  ofNode('uncordon', 'have it stay').action((node: string, options: NameOption) =>
    act(({ drain }) => drain(node, false, options)),
  );
}

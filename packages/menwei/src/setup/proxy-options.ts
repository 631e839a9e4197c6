/** The command line of what acts as the proxy: its flags, and what to do with them. */
import type { Command } from 'commander';
import { addProxyFlags, type GivenFlags, givenFlags } from '../config/flags.ts';
import { orFail } from './failure.ts';

/** What the command line says. */
export interface ProxyInput {
  readonly flags: GivenFlags;
  /** `--service-node-port-range` */
  readonly nodePortRange: string | undefined;
}

/** Gives a command the proxy's flags and its action. */
export function addProxyAction(command: Command, act: (input: ProxyInput) => Promise<void>): void {
  addProxyFlags(command)
    .option('--service-node-port-range <range>', 'range of NodePorts with --manifests (default: 30000-32767)')
    .action(({ serviceNodePortRange: nodePortRange }: { readonly serviceNodePortRange?: string }) =>
      orFail(() => act({ flags: givenFlags(command), nodePortRange })),
    );
}

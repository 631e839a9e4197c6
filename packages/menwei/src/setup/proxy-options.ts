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
  addProxyFlags(command).action(() => {
    const flags = givenFlags(command);
    const range = flags['service-node-port-range'];
    return orFail(() => act({ flags, nodePortRange: typeof range === 'string' ? range : undefined }));
  });
}

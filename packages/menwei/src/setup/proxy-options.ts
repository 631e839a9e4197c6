/** The command line of what acts as the proxy: its flags, and what to do with them. */
import type { Command } from 'commander';
import { addProxyFlags, type GivenFlags, givenFlags } from '../config/flags.ts';
import { orFail } from './failure.ts';
import { formatVersion } from './version.ts';

/** Gives a command the proxy's flags and its action. Who only looks has no use for those that are about running. */
export function addProxyAction(
  command: Command,
  act: (flags: GivenFlags) => Promise<void>,
  { onlyLooks = false } = {},
): void {
  addProxyFlags(command, { onlyLooks }).action(() => {
    const flags = givenFlags(command);
    const { version } = flags;
    if (version === 'true' || version === 'raw') {
      process.stdout.write(formatVersion(version));
      return undefined;
    }
    return orFail(() => act(flags));
  });
}

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

/** What is of use to who only announces load-balancer addresses, beside those about announcing. */
const ANNOUNCER_FLAGS = ['hostname-override', 'kubeconfig', 'master', 'manifests', 'v', 'logging-format'];

/** Gives a command the flags of announcing, and its action. */
export function addAnnounceFlags(command: Command, act: (flags: GivenFlags) => Promise<void>): void {
  addProxyFlags(command, {
    has: ({ name, group }) => group === 'Announcing' || ANNOUNCER_FLAGS.includes(name),
  }).action(() => act(givenFlags(command)));
}

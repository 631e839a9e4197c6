/** The command line. This file only wires; each command is a file of its own. */
import { Command } from 'commander';
import { VERSION } from '../setup/version.ts';
import { registerCleanupCommand } from './cleanup.ts';
import { registerDiffCommand } from './diff.ts';
import { registerLabCommand } from './lab.ts';
import { registerRenderCommand } from './render.ts';
import { registerRunCommand } from './run.ts';
import { registerStatusCommand } from './status.ts';

const program = new Command('menwei')
  .description('A Kubernetes Service proxy: kube-proxy’s job, with or without Kubernetes')
  .version(VERSION)
  // 2 is for wrong usage; 1 is for what went wrong.
  .configureOutput({
    // One line, in the words of all other errors; a suggestion would stand on a second one.
    outputError: (text, write) =>
      write(
        `menwei: ${text
          .replace(/^error: /, '')
          .trim()
          .replaceAll('\n', ' ')}\n`,
      ),
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

registerRunCommand(program);
registerStatusCommand(program);
registerRenderCommand(program);
registerDiffCommand(program);
registerCleanupCommand(program);
registerLabCommand(program);

// A reader that has seen enough, such as head, is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

await program.parseAsync();

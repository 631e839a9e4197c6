/** What the programs of this package have in common, `menwei` and `kube-proxy`. */
import { Command, Help } from 'commander';

/** A program whose wrong usage is one line and exit status 2; 1 is for what went wrong. */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addHelpText('after', '\nExit status: 0: done; 1: something went wrong, or is different; 2: wrong usage.')
    .configureHelp({ formatItem })
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
}

/** Where terms are long, what they mean stands below them, so that it is readable on 80 columns. */
function formatItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  if (termWidth < LONG_TERM)
    return Help.prototype.formatItem.call(this, term, termWidth, description, helper);
  const indent = '        ';
  const width = (helper.helpWidth ?? 80) - indent.length;
  return `  ${term}\n${indent}${helper.boxWrap(description, width).replaceAll('\n', `\n${indent}`)}`;
}

const LONG_TERM = 36;

/** Acts as the command line of this process says. */
export async function runProgram(program: Command): Promise<void> {
  // A reader that has seen enough, such as head, is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE')
      process.stderr.write(`menwei: standard output can't be written: ${error.message}\n`);
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  await program.parseAsync();
}

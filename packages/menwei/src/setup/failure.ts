/** How a command ends when the user, the machine or the world is to blame: one line, no stack trace. */

import { KernelError } from '@menwei/netlink';
import { ConnectionConfigError } from '../kubernetes/connection.ts';
import { cutText } from '../log/cut-text.ts';
import { escapeControls } from '../log/escape-controls.ts';
import { firstLines } from '../log/first-lines.ts';
import type { Logger } from '../log/logger.ts';

/** Something the user can put right. The message is what is printed. */
export class UserError extends Error {
  /** 1: it failed; 2: the command was used wrongly. */
  readonly exitStatus: 1 | 2;

  /** @param reason a line, or several. */
  constructor(reason: string | readonly string[], exitStatus: 1 | 2 = 1) {
    super(firstLines([reason].flat().map((line) => escapeControls(cutText(line)))).join('\nmenwei: '));
    this.name = 'UserError';
    this.exitStatus = exitStatus;
  }
}

/** Runs a command; expected failures become a line on standard error and an exit status. */
export async function orFail(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!isExpected(error)) throw error;
    // Of a UserError each line stands for itself.
    const text = error instanceof UserError ? error.message : escapeControls(cutText(error.message));
    process.stderr.write(`menwei: ${text}\n`);
    process.exitCode = exitStatusOf(error);
  }
}

/** The same for a log that programs read, where a line that is none of the log's would be lost. */
export async function orLogFailure(logger: Logger, command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!isExpected(error)) throw error;
    logger.error({ err: error }, 'menwei ends');
    process.exitCode = exitStatusOf(error);
  }
}

function exitStatusOf(error: Error): 1 | 2 {
  return error instanceof UserError ? error.exitStatus : 1;
}

function isExpected(error: unknown): error is Error {
  return error instanceof UserError || error instanceof KernelError || error instanceof ConnectionConfigError;
}

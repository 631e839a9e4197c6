/** A file of the operator's that can't be used: one line that names it, for whoever has to put it right. */
import { readFile, stat } from 'node:fs/promises';
import { errorCode } from '../../log/error-text.ts';

/** Its message is one line: the path, and what is wrong. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`${path}: ${why}`, options);
  }
}

/** @throws FileError */
export async function readTextFile(path: string): Promise<string> {
  return (await readOptionalFile(path)) ?? missing(path);
}

/** Undefined: there is no such file. @throws FileError if it is there and can't be read */
export async function readOptionalFile(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    // A pipe or device may never end.
    if (!found.isFile() && !found.isDirectory()) throw new Error('not a regular file');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new FileError(path, `can't be read (${codeOf(error)})`, { cause: error });
  }
}

/** Does what changes a file or folder. @throws FileError */
export async function changing<Result>(path: string, change: () => Promise<Result>): Promise<Result> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(path, `can't be written (${codeOf(error)})`, { cause: error });
  }
}

/** `ENOENT`, or the message of an error without a code. */
export function codeOf(error: unknown): string {
  return errorCode(error) || (error instanceof Error ? error.message : String(error));
}

function missing(path: string): never {
  throw new FileError(path, 'is not there');
}

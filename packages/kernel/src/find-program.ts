/** Where programs are. */
import { accessSync, constants as files, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { formatErrno, KernelError } from '@menwei/netlink';

const { EACCES, ENOENT } = constants.errno;

/** Where a process that has no PATH looks. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The PATH of this process without the working directory, which may be anybody's; undefined if nothing is left. For programs that
 * look for others.
 */
export function searchedPath(): string | undefined {
  return searchedFolders().join(delimiter) || undefined;
}

/** Where {@link searchedPath} leads to for a name. Throws KernelError: ENOENT, or EACCES if what is there is no program. */
export function findProgram(name: string): string {
  const folders = name.includes('/') ? [''] : searchedFolders();
  const refusals = new Set<number>();
  for (const folder of folders) {
    const path = join(folder, name);
    const refusal = whyNot(path);
    if (refusal === undefined) return path;
    refusals.add(refusal);
  }
  const errno = refusals.has(EACCES) ? EACCES : ENOENT;
  throw new KernelError({ operation: 'start', object: name, detail: formatErrno(errno), errno });
}

function searchedFolders(): readonly string[] {
  return (process.env.PATH || USUAL_PATH).split(delimiter).filter(isAbsolute);
}

function whyNot(path: string): number | undefined {
  try {
    accessSync(path, files.X_OK);
    return statSync(path).isFile() ? undefined : EACCES;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? EACCES : ENOENT;
  }
}

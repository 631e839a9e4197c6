/** Where programs are. */
import { accessSync, constants as files, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { formatErrno, KernelError } from '@menwei/netlink';

const { EACCES, ENOENT } = constants.errno;

/** Where a process that has no PATH looks. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Where the PATH of this process leads to for a name; never to the working directory, which may be anybody's. Throws KernelError:
 * ENOENT, or EACCES if what is there is no program.
 */
export function findProgram(name: string): string {
  const path = process.env.PATH || USUAL_PATH;
  const folders = name.includes('/') ? [''] : path.split(delimiter).filter(isAbsolute);
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

function whyNot(path: string): number | undefined {
  try {
    accessSync(path, files.X_OK);
    return statSync(path).isFile() ? undefined : EACCES;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? EACCES : ENOENT;
  }
}

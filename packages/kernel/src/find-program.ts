/** Where programs are. */
import { accessSync, constants as files } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { formatErrno, KernelError } from '@menwei/netlink';

const { EACCES, ENOENT } = constants.errno;

/** Where the PATH of this process leads to for a name. Throws KernelError: ENOENT, or EACCES if what is there is no program. */
export function findProgram(name: string): string {
  const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
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
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? EACCES : ENOENT;
  }
}

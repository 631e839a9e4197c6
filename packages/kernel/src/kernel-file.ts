/** Values that the kernel shows as files, under /proc and /sys. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { formatErrno, KernelError } from '@menwei/netlink';

export interface KernelFiles {
  /** Without the final newline; undefined where this kernel has no such file. Throws {@link KernelError}. */
  read(path: string): string | undefined;
  /** Returns false where this kernel has no such file; throws {@link KernelError} if it refuses. */
  write(path: string, value: string | number): boolean;
  /** Nobody may write it, root included. False where there is no such file. */
  isReadOnly(path: string): boolean;
}

/** Those under /proc/sys/net belong to the network namespace of the calling thread. */
export const kernelFiles: KernelFiles = {
  read: (path) => unlessMissing('read', path, undefined, () => readFileSync(path, 'utf8').trimEnd()),
  write: (path, value) =>
    unlessMissing('write', path, false, () => {
      // Not O_CREAT: a missing setting must say ENOENT, not EACCES.
      writeFileSync(path, String(value), { flag: 'r+' });
      return true;
    }),
  isReadOnly: (path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0o200) & 0o222) === 0,
};

function unlessMissing<Result, Missing>(
  operation: string,
  path: string,
  missing: Missing,
  act: () => Result,
): Result | Missing {
  try {
    return act();
  } catch (error) {
    if (!isErrnoException(error)) throw error;
    if (error.code === 'ENOENT') return missing;
    const { operation: verb, object } = nameOf(operation, path);
    const detail = formatErrno(-error.errno);
    throw new KernelError({ operation: verb, object, detail, errno: -error.errno, cause: error });
  }
}

const SYSCTLS = '/proc/sys/';

function nameOf(operation: string, path: string) {
  return path.startsWith(SYSCTLS)
    ? { operation: `${operation} sysctl`, object: path.slice(SYSCTLS.length) }
    : { operation, object: path };
}

function isErrnoException(error: unknown): error is NodeJS.ErrnoException & { errno: number } {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number';
}

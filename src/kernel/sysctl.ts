/** Kernel settings under /proc/sys. Those under `net/` belong to the network namespace of the calling thread. */
import { readFileSync, writeFileSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import { KernelError } from './kernel-error.ts';

function path(name: string): string {
  return `/proc/sys/${name}`;
}

function isErrnoException(error: unknown): error is NodeJS.ErrnoException & { errno: number } {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number';
}

function refuse(operation: string, name: string, error: unknown): never {
  if (!isErrnoException(error)) throw error;
  throw new KernelError({
    operation,
    object: name,
    detail: getSystemErrorMessage(error.errno),
    errno: -error.errno,
    cause: error,
  });
}

/**
 * A setting such as `net/ipv4/ip_forward` (slashes, since interface names may hold dots), without the final
 * newline; undefined where this kernel has no such setting. Throws {@link KernelError}.
 */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(path(name), 'utf8').trimEnd();
  } catch (error) {
    if (isErrnoException(error) && error.code === 'ENOENT') return undefined;
    return refuse('read sysctl', name, error);
  }
}

/** Sets a setting. Returns false where this kernel has no such setting; throws {@link KernelError} if it refuses. */
export function writeSysctl(name: string, value: string | number): boolean {
  try {
    // Not O_CREAT: a missing setting must say ENOENT, not EACCES.
    writeFileSync(path(name), String(value), { flag: 'r+' });
    return true;
  } catch (error) {
    if (isErrnoException(error) && error.code === 'ENOENT') return false;
    return refuse('write sysctl', name, error);
  }
}

/** Error numbers in words. */
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';

/** `invalid argument (EINVAL)`; the kernel has some numbers that no C library knows. */
export function formatErrno(errno: number): string {
  const name = getSystemErrorName(-errno);
  return name.startsWith('E') ? `${getSystemErrorMessage(-errno)} (${name})` : `error ${errno}`;
}

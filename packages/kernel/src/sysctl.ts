/** Kernel settings under /proc/sys. Those under `net/` belong to the network namespace of the calling thread. */
import { kernelFiles } from './kernel-file.ts';

/**
 * A setting such as `net/ipv4/ip_forward` (slashes, since interface names may hold dots), without the final
 * newline; undefined where this kernel has no such setting. Throws KernelError.
 */
export function readSysctl(name: string): string | undefined {
  return kernelFiles.read(`/proc/sys/${name}`);
}

/** Sets a setting. Returns false where this kernel has no such setting; throws KernelError if it refuses. */
export function writeSysctl(name: string, value: string | number): boolean {
  return kernelFiles.write(`/proc/sys/${name}`, value);
}

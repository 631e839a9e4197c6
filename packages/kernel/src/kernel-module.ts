/** Modules of the kernel that it does not load by itself when they are needed. */
import { existsSync } from 'node:fs';
import { KernelError } from '@menwei/netlink';
import type { ToolResult, ToolRunner } from './tool-runner.ts';

const MODULES = '/sys/module';

/** Whether a module with parameters is loaded or built in. Asking its protocol instead could cause it to be loaded. */
export function mayBeLoaded(name: string): boolean {
  return existsSync(`${MODULES}/${name}`) || !existsSync(MODULES);
}

/** Loads a module with modprobe; one that is loaded or built in already is all right. Returns what went wrong. */
export async function applyKernelModule(
  runner: ToolRunner,
  name: string,
  signal: AbortSignal,
): Promise<KernelError | undefined> {
  let result: ToolResult;
  try {
    result = await runner.run({ file: 'modprobe', args: ['-va', name], signal });
  } catch (cause) {
    signal.throwIfAborted();
    // Whoever has no modules has no modprobe, most likely.
    return failure(name, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const { status, stderr } = result;
  if (status === 0) return undefined;
  return failure(name, stderr.trim().split('\n').join('; ') || `modprobe: exit status ${status}`);
}

function failure(object: string, detail: string, cause?: unknown): KernelError {
  return new KernelError({ operation: 'load kernel module', object, detail, cause });
}

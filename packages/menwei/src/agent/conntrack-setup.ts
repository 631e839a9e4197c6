/** The conntrack settings of the kernel of this machine. */
import { availableParallelism } from 'node:os';
import { kernelFiles } from '@menwei/kernel/kernel-file.ts';
import { applyKernelModule } from '@menwei/kernel/kernel-module.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { Settings } from '../config/settings.ts';
import { applyConntrackSettings, warnOfSettings } from '../conntrack/kernel-settings.ts';
import type { Logger } from '../log/logger.ts';

/** What can't be set is told, and ends nothing. */
export async function setUpConntrack(
  { conntrack }: Settings,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  await applyConntrackSettings(conntrack, {
    files: kernelFiles,
    usableCpus: availableParallelism(),
    loadModule: () => applyKernelModule(runner, 'nf_conntrack', signal),
    logger,
  });
  warnOfSettings(kernelFiles, logger);
}

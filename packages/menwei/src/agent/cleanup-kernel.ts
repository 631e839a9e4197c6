/** Taking out of the kernel what any mode has programmed: nothing is in use any more, so all of it is left over. */
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { observeIpPresence } from '@menwei/kernel/ip-support.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { KernelError } from '@menwei/netlink';
import { type RunningProxy, searchLeftovers } from '../backends/leftover-search.ts';
import type { Leftovers } from '../backends/leftovers.ts';
import type { Settings } from '../config/settings.ts';
import { NodeLocalKernel } from '../dns/nodelocal/kernel.ts';
import type { Logger } from '../log/logger.ts';

interface CleanupOptions {
  readonly settings: Pick<Settings, 'ipvs'>;
  readonly runner: ToolRunner;
  readonly logger: Logger;
  /** What is in use nevertheless, and stays. */
  readonly kept?: RunningProxy | undefined;
  readonly print: (line: string) => void;
}

/** Removes what can be removed, and says what that was; then throws the first KernelError that it met. */
export async function cleanupKernel(
  { settings, runner, logger, kept, print }: CleanupOptions,
  signal: AbortSignal,
): Promise<void> {
  const { excludeCIDRs } = settings.ipvs;
  const failures: KernelError[] = [];
  let isClean = true;
  for (const family of IP_FAMILIES.filter(observeIpPresence)) {
    const onFound = async (found: Leftovers): Promise<undefined> => {
      isClean = false;
      const { removed } = await found.remove(signal);
      if (removed !== undefined) print(`${family}: removed ${removed}`);
      if (found.kept !== undefined) print(`${family}: kept ${found.kept}`);
    };
    const options = { running: kept, excludeCIDRs, family, runner, onFound, mayDrain: false };
    failures.push(...(await searchLeftovers(options, signal)).failures);
  }
  try {
    using nodeLocal = new NodeLocalKernel();
    const removed = await nodeLocal.cleanup(signal);
    if (removed.length > 0) {
      isClean = false;
      print(`removed ${removed.join(' and ')} of menwei dns --node-local`);
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    failures.push(error);
  }
  const [first, ...others] = failures;
  for (const error of others) logger.error({ err: error }, 'cleanup failed');
  if (first !== undefined) throw first;
  if (isClean) print('nothing to remove');
}

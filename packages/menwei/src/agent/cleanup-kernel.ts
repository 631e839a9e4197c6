/** Taking out of the kernel what any mode has programmed. */
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { observeIpPresence } from '@menwei/kernel/ip-support.ts';
import { askUntilCertain } from '@menwei/kernel/passing-failure.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { KernelError } from '@menwei/netlink';
import { searchLeftoverRules } from '../backends/leftover-search.ts';
import type { Leftovers } from '../backends/leftovers.ts';
import { allModes } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { openMachineAddresses } from '../setup/machine-addresses.ts';

/**
 * Cleans what can be cleaned, iptables rules of either variant of the tools among it, then throws the first KernelError it
 * met.
 */
export async function cleanupKernel(
  settings: Settings,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const failures: KernelError[] = [];
  const orNote = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      failures.push(error);
    }
  };
  for (const mode of allModes()) {
    await orNote(async () => {
      const missing = await mode.missing({ runner, logger }, signal);
      // Without what it needs a mode can't have been here.
      if (missing.length > 0) return logger.verbose(4, { missing }, 'nothing to clean up for this mode');
      const addresses = await openMachineAddresses(settings, mode, signal);
      const surroundings = { runner, logger, localAddresses: addresses.local };
      for (const family of IP_FAMILIES.filter(observeIpPresence)) {
        await orNote(async () => {
          const start = () => mode.start(settings, family, surroundings, signal);
          const backend = await askUntilCertain(start, signal);
          if (backend instanceof KernelError) throw backend;
          await backend.cleanup(signal);
        });
      }
    });
  }
  for (const family of IP_FAMILIES.filter(observeIpPresence)) {
    const onFound = async (found: Leftovers) => {
      await found.remove(signal);
      logger.info({ family }, `removed leftover rules: ${found.what}`);
    };
    failures.push(...(await searchLeftoverRules({ settings, family, runner, onFound }, signal)));
  }
  const [first, ...others] = failures;
  for (const error of others) logger.error({ err: error }, 'cleanup failed');
  if (first !== undefined) throw first;
}

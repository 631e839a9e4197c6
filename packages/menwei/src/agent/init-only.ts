/** `--init-only`: what of a start takes more privileges than CAP_NET_ADMIN, so that the proxy itself can do without them (spec § 10.5). */
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { findMode } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { startBackends } from '../setup/backends.ts';
import { openMachineAddresses } from '../setup/machine-addresses.ts';
import { setUpConntrack } from './conntrack-setup.ts';

/**
 * Sets the kernel up as a start does: settings of conntrack and of the mode, and modules. No API server is asked, no rule is
 * written and none of others is removed: until the proxy runs, they do its work (KQ-26). Throws KernelError if no family
 * can be served.
 */
export async function initializeKernel(
  settings: Settings,
  { runner, logger }: { readonly runner: ToolRunner; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  await setUpConntrack(settings, runner, logger, signal);
  const addresses = await openMachineAddresses(settings, findMode(settings.mode), signal);
  const surroundings = { runner, logger, localAddresses: addresses.local };
  const { backends } = await startBackends(settings, surroundings, signal);
  for (const backend of backends) backend.close?.();
  const families = backends.map(({ family }) => family).join(', ');
  logger.info({ mode: settings.mode, families }, 'the kernel is set up; exiting because of --init-only');
}

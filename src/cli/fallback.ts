/** The mode the machine can run, where that is not the one that was asked for. */
import type { Settings } from '../config/settings.ts';
import { observeDummySupport } from '../kernel/dummy-support.ts';
import type { KernelError } from '../kernel/kernel-error.ts';
import { applyKernelModule } from '../kernel/kernel-module.ts';
import { observeIpvsSupport } from '../kernel/netlink/ipvs/support.ts';
import type { ToolRunner } from '../kernel/tool-runner.ts';
import type { Logger } from '../log/logger.ts';
import { UserError } from './failure.ts';

/**
 * The settings with iptables for ipvs where the kernel can't do that, after a warning. Also who only looks may cause the
 * kernel to load the module: without it there is nothing to be seen. Throws UserError if ipvs is required.
 */
export async function settleMode(
  settings: Settings,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<Settings> {
  if (settings.mode !== 'ipvs') return settings;
  const missing = await missingForIpvs(runner, logger, signal);
  if (missing.length === 0) return settings;
  const what = missing.join('; ');
  if (settings.ipvs.required) throw new UserError(`ipvs mode can't run on this machine, which lacks ${what}`);
  logger.warn(
    {},
    `ipvs mode can't run on this machine, which lacks ${what}; running in iptables mode instead (--ipvs-required makes this an error)`,
  );
  return { ...settings, mode: 'iptables' };
}

async function missingForIpvs(
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (observeIpvsSupport() !== undefined) {
    const error = await applyKernelModule(runner, 'ip_vs', signal);
    if (error !== undefined) logger.debug({ error }, 'the module of IPVS was not loaded');
  }
  return [
    ...describe('IPVS (module ip_vs)', observeIpvsSupport()),
    ...describe('dummy interfaces (module dummy)', observeDummySupport()),
  ];
}

function describe(what: string, error: KernelError | undefined): readonly string[] {
  return error === undefined ? [] : [`${what}: ${error.detail}`];
}

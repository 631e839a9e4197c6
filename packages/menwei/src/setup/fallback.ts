/** The mode the machine can run, where that is not the one that was asked for. */

import { findMode, type Surroundings } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import { chooseMode, modeTrials } from './auto-mode.ts';
import { UserError } from './failure.ts';
import type { ResolvedInput } from './settings-input.ts';

/**
 * The settings with the mode that was chosen for `auto`, and with iptables for ipvs where the kernel can't do that, after a warning. Also who only looks may cause the
 * kernel to load modules: without them there is nothing to be seen. Throws UserError if ipvs is required, and if no mode can be had.
 */
export async function settleMode(
  { settings, isAuto, settingsFor }: Pick<ResolvedInput, 'settings' | 'isAuto' | 'settingsFor'>,
  surroundings: Pick<Surroundings, 'runner' | 'logger'>,
  signal: AbortSignal,
): Promise<Settings> {
  if (isAuto) {
    const { mode, reason } = await chooseMode(modeTrials(settings, surroundings, signal));
    return { ...settingsFor(mode), modeReason: reason };
  }
  const { mode, ipvs } = settings;
  if (mode !== 'ipvs') return settings;
  const missing = await findMode(mode).missing(surroundings, signal);
  if (missing.length === 0) return settings;
  const complaint = `ipvs mode is not available on this machine, which lacks ${missing.join('; ')}`;
  if (ipvs.required) throw new UserError(complaint);
  const consequence = 'falling back to iptables mode (--ipvs-required makes this an error)';
  surroundings.logger.warn({}, `${complaint}; ${consequence}`);
  return { ...settings, mode: 'iptables', modeReason: 'fallback from ipvs' };
}

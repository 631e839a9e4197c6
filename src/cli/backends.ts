/** The backends a machine can run: the selected mode in each IP family that works here. */
import { IP_FAMILIES, type IpFamily } from '../addresses/ip.ts';
import type { AnyBackend } from '../backends/backend.ts';
import type { Settings } from '../config/settings.ts';
import { observeIpSupport } from '../kernel/ip-support.ts';
import { KernelError } from '../kernel/kernel-error.ts';
import { askUntilCertain } from '../kernel/passing-failure.ts';
import { findMode, type Surroundings } from './modes.ts';

/**
 * One backend a family. A family that can't be served is left out with a warning, unless it is the primary one or
 * the last: then its KernelError is thrown.
 */
export async function startBackends(
  settings: Settings,
  primaryFamily: IpFamily,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<readonly AnyBackend[]> {
  const mode = findMode(settings.mode);
  const backends: AnyBackend[] = [];
  for (const family of IP_FAMILIES) {
    const backend = observeIpSupport(family)
      ? await askUntilCertain(() => mode.start(settings, family, surroundings, signal), signal)
      : new KernelError({ operation: 'use', object: family, detail: 'it is not enabled in this kernel' });
    if (!(backend instanceof KernelError)) backends.push(backend);
    else if (family === primaryFamily) throw backend;
    else surroundings.logger.warn({ family, error: backend }, 'this IP family is not proxied');
  }
  return backends;
}

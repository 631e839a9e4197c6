/** The proxy's own classes, put together for a benchmark: IPv4, on the node of {@link NODE_VIEW}. */
import { findMode } from '../src/cli/modes.ts';
import { readSettings } from '../src/cli/settings-input.ts';
import { KernelError } from '../src/kernel/kernel-error.ts';
import type { ToolRunner } from '../src/kernel/tool-runner.ts';
import { silentLogger } from '../src/log/logger.ts';
import { FamilyProxy } from '../src/proxy/family-proxy.ts';
import { ServiceTracker } from '../src/services/service-tracker.ts';
import { NODE_VIEW } from './objects.ts';

export type BenchProxy = FamilyProxy<unknown, unknown, unknown>;

/** Programs the network namespace of the calling thread. Throws what the user has to hear about the mode. */
export async function createProxy(
  mode: string,
  runner: ToolRunner,
  signal: AbortSignal,
): Promise<BenchProxy> {
  const { settings } = await readSettings({ 'proxy-mode': mode });
  const backend = await findMode(settings.mode).start(settings, 'IPv4', runner, silentLogger, signal);
  if (backend instanceof KernelError) throw backend;
  return new FamilyProxy({
    backend,
    tracker: new ServiceTracker({ family: 'IPv4', nodeName: NODE_VIEW.name, startedAtMs: Date.now() }),
    nodeView: () => NODE_VIEW,
    logger: silentLogger,
  });
}

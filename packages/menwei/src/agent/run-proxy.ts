/** `menwei run`: makes what the components of the proxy need, and runs them until a signal ends it. */
import { availableParallelism } from 'node:os';
import { kernelFiles } from '@menwei/kernel/kernel-file.ts';
import { applyKernelModule } from '@menwei/kernel/kernel-module.ts';
import { startToolRunner, type ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { findMode } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import { applyConntrackSettings } from '../conntrack/kernel-settings.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { createLogger } from '../log/pino-logger.ts';
import { startBackends } from '../setup/backends.ts';
import { UserError } from '../setup/failure.ts';
import { settleMode } from '../setup/fallback.ts';
import { openMachineAddresses } from '../setup/machine-addresses.ts';
import { openSource } from '../setup/object-source.ts';
import type { ProxyInput } from '../setup/proxy-options.ts';
import { openRelays } from '../setup/relays.ts';
import { readSettings } from '../setup/settings-input.ts';
import { VERSION } from '../setup/version.ts';
import { cleanupKernel } from './cleanup-kernel.ts';
import { ComponentStates } from './component.ts';
import { openKernelDoors } from './doors.ts';
import { proxyComponents } from './proxy-components.ts';
import { RelayRoom } from './relay-room.ts';
import { supervise } from './supervisor.ts';

/** Runs the proxy until SIGTERM or SIGINT, or cleans up if the flags say so. */
export async function runProxy({ flags, nodePortRange }: ProxyInput): Promise<void> {
  const runner = startToolRunner();
  const stop = stopOnSignals();
  try {
    const { settings, warnings } = await readSettings(flags);
    const logger = createLogger(settings.log);
    for (const warning of warnings) logger.warn({}, warning);
    if (settings.cleanup) await cleanupKernel(settings, runner, logger, stop.signal);
    else {
      const settled = await settleMode(settings, { runner, logger }, stop.signal);
      await serve(settled, nodePortRange, runner, logger, stop.signal);
    }
  } catch (error) {
    // Told to end before it had begun.
    if (error !== stop.signal.reason) throw error;
  } finally {
    runner.close();
  }
}

async function serve(
  settings: Settings,
  nodePortRange: string | undefined,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const source = await openSource(settings, nodePortRange, logger);
  const addresses = await openMachineAddresses(settings, findMode(settings.mode), signal);
  const { userspace } = settings;
  const forwards = settings.mode === 'userspace' && !settings.dryRun;
  const open = () => openRelays(userspace, logger);
  const relays = forwards ? new RelayRoom(open, userspace.shutdownTimeoutMs) : undefined;
  const surroundings = { runner, logger, localAddresses: addresses.local, relays: relays?.current };
  if (!settings.dryRun) await setUpConntrack(settings, runner, logger, signal);
  const started = await startBackends(settings, surroundings, signal);
  const doors = openKernelDoors(settings, { source, addresses, relays }, runner, logger);
  const states = new ComponentStates();
  const components = proxyComponents({ settings, doors, started, states, logger });
  logger.info({ version: VERSION, mode: settings.mode, node: settings.nodeName }, 'starting menwei');
  try {
    await supervise(components, { states, logger }, signal);
  } catch (error) {
    throw new UserError(error instanceof Error ? formatErrorChain(error) : String(error));
  }
  logger.info({}, 'menwei stopped; rules are left in place');
}

/** Before the backends: what they write depends on how conntrack is set. */
async function setUpConntrack(
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
}

function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop;
}

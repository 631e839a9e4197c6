/** What `menwei run` has to find and open before its components can run: it fails here, with a word to the user, or not at all. */
import { kernelFiles } from '@menwei/kernel/kernel-file.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { findMode } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import { formatProblem, type Problem } from '../kubernetes/objects.ts';
import type { Logger } from '../log/logger.ts';
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import type { Introspection } from '../metrics/zpages.ts';
import { ProblemLog } from '../proxy/problem-log.ts';
import type { SourceOptions } from '../setup/api-server-source.ts';
import { startBackends } from '../setup/backends.ts';
import { openLbConfig } from '../setup/lb-config-source.ts';
import { openMachineAddresses } from '../setup/machine-addresses.ts';
import { followingOf, openSource } from '../setup/object-source.ts';
import { applyOomScore } from '../setup/oom-score.ts';
import { openRelays } from '../setup/relays.ts';
import type { ObjectSource, SourceReports } from '../sources/source.ts';
import { type Component, ComponentStates } from './component.ts';
import { setUpConntrack } from './conntrack-setup.ts';
import { CurrentRelays } from './current-relays.ts';
import { openEnvironment } from './environment.ts';
import { createMetrics } from './measurements.ts';
import type { CreateAnnouncing } from './proxy-announcing.ts';
import { proxyComponents } from './proxy-components.ts';
import type { SettingsInForce } from './settings-in-force.ts';
import { logSettings } from './start-lines.ts';

interface OpenedProxy {
  readonly components: readonly Component[];
  /** For who supervises them. */
  readonly states: ComponentStates;
}

export interface ProxyRequest {
  /** Of a mode that this machine can run. */
  readonly settings: SettingsInForce;
  /** See {@link configFileComponent}; undefined without a file. */
  readonly configFile?: Component | undefined;
  readonly introspection?: Introspection | undefined;
  /** Opens what the objects come from in the place of what the settings say. */
  readonly openSource?: (options: SourceReports & Required<Pick<SourceOptions, 'following'>>) => ObjectSource;
  readonly runner: ToolRunner;
  readonly logger: Logger;
}

/** Throws UserError, KernelError, ConnectionConfigError, or the signal's reason. */
export async function openProxy(request: ProxyRequest, signal: AbortSignal): Promise<OpenedProxy> {
  const { settings: inForce, runner, logger } = request;
  const settings = inForce.current;
  const states = new ComponentStates();
  const relays = openCurrentRelays(settings, logger);
  const metrics = createMetrics(settings, { relays, states });
  const source = await openLoggedSource(request, metrics.client);
  const addresses = await openMachineAddresses(settings, findMode(settings.mode), signal);
  const surroundings = { runner, logger, localAddresses: addresses.local, relays: relays?.current };
  // Before the backends: what they write depends on how conntrack is set.
  if (!settings.dryRun) {
    await setUpConntrack(settings, runner, logger, signal);
    inForce.onChange((now, before) => followKernelSettings(now, before, runner, logger, signal));
  }
  const started = await startBackends(settings, surroundings, signal);
  const served = started.backends.map(({ family }) => family);
  logSettings(settings, served, logger);
  const lbConfig = await openLbConfig(settings.announce?.configuration ?? [], logger, (problem) =>
    logger.warn({}, formatProblem(problem)),
  );
  const machine = { source, lbConfig, addresses, relays };
  const environment = openEnvironment(inForce, machine, runner, logger, metrics.client);
  return {
    components: proxyComponents({
      settings: inForce,
      configFile: request.configFile,
      introspection: request.introspection,
      environment,
      createAnnouncing: await loadAnnouncing(settings),
      started,
      states,
      metrics,
      logger,
    }),
    states,
  };
}

/** Undefined: nothing is announced. */
async function loadAnnouncing({ announce, dryRun }: Settings): Promise<CreateAnnouncing | undefined> {
  if (announce === undefined || dryRun) return undefined;
  const { announcingBy } = await import('./proxy-announcing.ts');
  return announcingBy(announce);
}

/** What is wrong with objects goes into the log. */
async function openLoggedSource(
  { settings: { current: settings }, openSource: openOther, logger }: ProxyRequest,
  clientObserver: ProxyMetrics['client'],
): Promise<ObjectSource> {
  const problems = new ProblemLog(logger);
  const report = (problem: Problem) => problems.report(problem);
  const options = { report, clientObserver, following: followingOf(settings) };
  const source = openOther?.(options) ?? (await openSource(settings, logger, options));
  return {
    run: (objects, signal) => source.run(objects, signal).finally(() => problems.flush()),
  };
}

/** What the kernel is told at the start, told again when the settings say something else. */
function followKernelSettings(
  now: Settings,
  before: Settings,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): void {
  if (now.oomScoreAdj !== before.oomScoreAdj) applyOomScore(now, kernelFiles, logger);
  if (JSON.stringify(now.conntrack) === JSON.stringify(before.conntrack)) return;
  setUpConntrack(now, runner, logger, signal).catch((error: unknown) => {
    if (!signal.aborted) logger.error({ err: error }, 'conntrack settings could not be applied');
  });
}

function openCurrentRelays({ mode, dryRun, userspace }: Settings, logger: Logger): CurrentRelays | undefined {
  if (mode !== 'userspace' || dryRun) return undefined;
  return new CurrentRelays(() => openRelays(userspace, logger), userspace.shutdownTimeoutMs);
}

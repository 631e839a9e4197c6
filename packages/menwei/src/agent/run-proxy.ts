/** `menwei run`: the components of the proxy, supervised until a signal ends them. */

import { kernelFiles } from '@menwei/kernel/kernel-file.ts';
import { reapOrphans } from '@menwei/kernel/orphans.ts';
import { nameOwnProcess } from '@menwei/kernel/processes.ts';
import { startToolRunner, type ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { returnFreeMemory } from '@menwei/netlink/native';
import type { RunningProxy } from '../backends/leftover-search.ts';
import type { ProxyProgram } from '../backends/leftovers.ts';
import type { GivenFlags } from '../config/flags.ts';
import { formatErrorChain } from '../log/error-text.ts';
import { createLogger } from '../log/pino-logger.ts';
import { ConfigurationChanges } from '../setup/configuration-changes.ts';
import { orLogFailure, UserError } from '../setup/failure.ts';
import { settleMode } from '../setup/fallback.ts';
import { applyOomScore } from '../setup/oom-score.ts';
import { type ResolvedInput, readSettings } from '../setup/settings-input.ts';
import { writeConfiguration } from '../setup/written-configuration.ts';
import { cleanupKernel } from './cleanup-kernel.ts';
import { configFileComponent } from './config-file.ts';
import { initializeKernel } from './init-only.ts';
import { introspect } from './introspect.ts';
import { openProxy, type ProxyRequest } from './open-proxy.ts';
import { observeOtherProxies } from './other-proxies.ts';
import { SettingsInForce } from './settings-in-force.ts';
import { logMode, logStart } from './start-lines.ts';
import { supervise } from './supervisor.ts';

/** How long what is left after a failure may take to end by itself. */
const EXIT_GRACE_MS = 1_000;
/** By then what only the start needs has been used: settings, manifests or lists, the first sync. */
const STARTED_MS = 10_000;

/**
 * Runs the proxy until SIGTERM or SIGINT, or does the one thing that the flags ask for instead.
 *
 * @param program the name that was called
 * @param kept what a clean-up leaves in place, since it is in use
 */
export async function runProxy(flags: GivenFlags, program: ProxyProgram, kept?: RunningProxy): Promise<void> {
  using _orphans = reapOrphans();
  const runner = startToolRunner();
  const stop = stopOnSignals();
  try {
    await perform(flags, { program, kept, runner }, stop.signal);
  } catch (error) {
    // Told to end before it had begun.
    if (error !== stop.signal.reason) throw error;
  } finally {
    runner.close();
  }
  if (stop.signal.aborted && (flags.cleanup === true || flags['init-only'] === true)) {
    throw new UserError('ended by a signal before all was done');
  }
}

async function perform(flags: GivenFlags, means: Omit<Means, 'logger'>, signal: AbortSignal): Promise<void> {
  const input = await readSettings(flags);
  const { log, dryRun } = input.settings;
  const logger = createLogger({ ...log, dryRun });
  const work = () => performLogged(flags, input, { ...means, logger }, signal);
  if (log.format === 'json') await orLogFailure(logger, work);
  else await work();
}

interface Means {
  readonly program: ProxyProgram;
  readonly kept: RunningProxy | undefined;
  readonly runner: ToolRunner;
  readonly logger: ReturnType<typeof createLogger>;
}

async function performLogged(
  flags: GivenFlags,
  input: ResolvedInput,
  { program, kept, runner, logger }: Means,
  signal: AbortSignal,
): Promise<void> {
  const { settings: given, warnings, configFile: file } = input;
  const { config = '', 'write-config-to': target } = flags;
  if (!given.cleanup && !target) logStart(given, String(config), logger);
  for (const warning of warnings) logger.warn({}, warning);
  if (typeof target === 'string' && target !== '') return await writeConfiguration(target, input, logger);
  if (given.cleanup) {
    await cleanupKernel({ settings: given, runner, logger, kept, print: printLine }, signal);
    if (kept === undefined) await warnOfOthers(logger, signal);
    return;
  }
  const settled = await settleMode(input, { runner, logger }, signal);
  if (flags['init-only'] === true) return await initializeKernel(settled, { runner, logger }, signal);
  if (!given.dryRun) {
    nameOwnProcess(program);
    applyOomScore(given, kernelFiles, logger);
  }
  const settings = new SettingsInForce(settled);
  settings.onChange(({ log }) => {
    logger.verbosity = log.verbosity;
  });
  const changes = file && new ConfigurationChanges(flags, file.path, input.configuration, settled.mode);
  const configFile = file && changes && configFileComponent({ changes, file, settings, logger });
  const introspection = introspect(given, flags, () => (changes ?? input).configuration);
  await serve({ settings, configFile, introspection, runner, logger }, signal);
}

/** What was removed comes back with them. */
async function warnOfOthers(logger: Means['logger'], signal: AbortSignal): Promise<void> {
  for (const each of await observeOtherProxies(signal)) {
    logger.warn({}, `a proxy still runs here and makes its rules again until it is stopped: ${each}`);
  }
}

async function serve(request: ProxyRequest, signal: AbortSignal): Promise<void> {
  const { settings, logger } = request;
  logMode(settings.current, logger);
  const { components, states } = await openProxy(request, signal);
  setTimeout(returnFreeMemory, STARTED_MS).unref();
  try {
    await supervise(components, { states, logger }, signal);
  } catch (error) {
    // A component that did not stop may keep the process alive for ever.
    setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
    throw new UserError(formatErrorChain(error));
  }
  logger.info({}, 'menwei stopped; rules are left in place');
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop;
}

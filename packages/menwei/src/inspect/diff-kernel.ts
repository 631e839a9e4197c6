/** Compares the kernel with the objects as they are now, once, and changes nothing. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { startToolRunner, type ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { searchLeftovers } from '../backends/leftover-search.ts';
import type { Leftovers } from '../backends/leftovers.ts';
import { findMode } from '../backends/modes.ts';
import type { Verdict } from '../checks/verdict-file.ts';
import type { GivenFlags } from '../config/flags.ts';
import type { Settings } from '../config/settings.ts';
import type { Problem } from '../kubernetes/objects.ts';
import type { Logger } from '../log/logger.ts';
import { createLogger } from '../log/pino-logger.ts';
import { NodeState } from '../proxy/node-state.ts';
import { ProblemLog } from '../proxy/problem-log.ts';
import { serviceRules } from '../proxy/service-rules.ts';
import { atOnce } from '../scheduling/steps.ts';
import { findUnservable, startBackends } from '../setup/backends.ts';
import { UserError } from '../setup/failure.ts';
import { settleMode } from '../setup/fallback.ts';
import { openMachineAddresses } from '../setup/machine-addresses.ts';
import { describeFaults, readManifestsOrFail } from '../setup/manifests-input.ts';
import { openSource } from '../setup/object-source.ts';
import { readSettings } from '../setup/settings-input.ts';
import type { ObjectSource } from '../sources/source.ts';
import { FamilyTables } from '../state/family-tables.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { desiredPlan } from './desired-state.ts';
import { putVerdicts, readVerdicts } from './given-health.ts';

/** Prints the changes of every family; the exit status is 1 if there are any, or if an object asks for what can't be had. */
export async function diffKernel(flags: GivenFlags): Promise<void> {
  const runner = startToolRunner();
  const { signal } = new AbortController();
  try {
    const input = await readSettings(flags);
    const { settings: given, warnings } = input;
    if (given.cleanup) throw new UserError('--cleanup: contradicts diff, which changes nothing', 2);
    const logger = createLogger({ ...given.log, level: 'warn' });
    for (const warning of warnings) logger.warn({}, warning);
    // Comparing must not change what is compared.
    const settings: Settings = { ...(await settleMode(input, { runner, logger }, signal)), dryRun: true };
    const addresses = await openMachineAddresses(settings, findMode(settings.mode), signal);
    const node = new NodeState(settings, addresses);
    const problems = new ProblemLog(logger);
    const report = (problem: Problem) => {
      problems.report(problem);
      process.exitCode = 1;
    };
    const objects = await readObjects(settings, logger, report);
    node.follow(objects);
    const surroundings = { runner, logger, localAddresses: addresses.local };
    const { backends, unserved } = await startBackends(settings, surroundings, signal);
    const unservable = findUnservable(node, unserved);
    if (unservable !== undefined) throw unservable;
    // What could not be looked at is not equal.
    if (node.families.some((family) => unserved.has(family))) process.exitCode = 1;
    const rules = serviceRules(settings);
    const verdicts = readKept(settings);
    for (const backend of backends) {
      const { family } = backend;
      const tables = new FamilyTables(family);
      // As the proxy that runs here, or ran last, knows them.
      putVerdicts(verdicts, tables);
      const nodeView = node.view(family);
      const plan = desiredPlan({ rules: backend, objects, tables, nodeView, serviceRules: rules, report });
      const observed = await backend.observe(signal);
      atOnce(plan.settle(observed));
      plan.adopt?.(observed);
      const changes = backend.diff(observed, plan.complete());
      if (!backend.isEmpty(changes)) print(backend.family, backend.format(changes));
      await compareLeftovers(settings, backend.family, runner, logger, signal);
    }
    problems.flush();
  } finally {
    runner.close();
  }
}

function readKept({ healthChecks: { stateFile } }: Settings): readonly Verdict[] {
  return (stateFile === '' ? undefined : readVerdicts(stateFile)) ?? [];
}

/** What the first sync of a proxy would be followed by. */
async function compareLeftovers(
  settings: Settings,
  family: IpFamily,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const onFound = async ({ what, commands }: Leftovers) => {
    const fate = settings.leaveOtherProxies ? ', left in place (--leave-other-proxies)' : '';
    logger.warn({ family }, `leftovers of another proxy or mode${fate}: ${what}`);
    print(family, commands);
    return undefined;
  };
  const running = { mode: settings.mode, program: 'menwei' } as const;
  const { excludeCIDRs } = settings.ipvs;
  const options = { running, excludeCIDRs, family, runner, onFound, mayDrain: false };
  for (const error of (await searchLeftovers(options, signal)).failures) {
    logger.warn({ family, err: error }, 'leftover rules of another proxy or mode may still be in effect');
    process.exitCode = 1;
  }
}

function print(family: IpFamily, changes: string): void {
  process.stdout.write(`# ${family}\n${changes}`);
  process.exitCode = 1;
}

/** Throws UserError for files that don't say all they mean: what can't be read must not look as if it were to be removed. */
async function readObjects(
  settings: Settings,
  logger: Logger,
  report: (problem: Problem) => void,
): Promise<ObjectTables> {
  const objects = new ObjectTables(settings.nodeName);
  const { manifests: paths, nodePortRange } = settings;
  if (paths.length === 0) {
    await readOnce(await openSource(settings, logger, { report, waitForAll: true }), objects);
    return objects;
  }
  const manifests = await readManifestsOrFail(paths, nodePortRange);
  const faults = describeFaults(paths, manifests);
  if (faults.length > 0) throw new UserError(faults);
  for (const object of manifests.objects) objects.put(object);
  return objects;
}

/** Takes in the objects of a source as they are at the start. */
async function readOnce(source: ObjectSource, objects: ObjectTables): Promise<void> {
  const stop = new AbortController();
  objects.syncedSources.reader(() => stop.abort());
  await source.run(objects, stop.signal);
}

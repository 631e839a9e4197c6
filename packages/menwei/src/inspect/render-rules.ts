/** What a node would program for the objects in some files, as text. */
import { hostname } from 'node:os';
import { IP_FAMILIES, type IpFamily, parseIp } from '@menwei/addresses/ip.ts';
import { findMode, type Mode } from '../backends/modes.ts';
import type { Verdict } from '../checks/verdict-file.ts';
import type { GivenFlags } from '../config/flags.ts';
import type { Settings } from '../config/settings.ts';
import { formatProblem, type Problem, type WatchedObject } from '../kubernetes/objects.ts';
import { firstLines } from '../log/first-lines.ts';
import { NodeState } from '../proxy/node-state.ts';
import { serviceRules } from '../proxy/service-rules.ts';
import { UserError } from '../setup/failure.ts';
import { openMachineAddresses } from '../setup/machine-addresses.ts';
import { describeFaults, readManifestsOrFail, readNodePortRangeOrFail } from '../setup/manifests-input.ts';
import { readSettings } from '../setup/settings-input.ts';
import { FamilyTables } from '../state/family-tables.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { desiredPlan } from './desired-state.ts';
import { describeStrangers, putVerdicts, readVerdicts } from './given-health.ts';

/** The options of `menwei render`, as the command line names them. */
export interface RenderOptions {
  readonly file: readonly string[];
  readonly mode?: string;
  readonly node?: string;
  readonly nodeIp?: string | undefined;
  readonly clusterCidr?: string;
  readonly config?: string;
  readonly family?: IpFamily;
  readonly serviceNodePortRange?: string;
  readonly keepGoing?: boolean;
  /** A file, see checks/verdict-file.ts. */
  readonly health?: string;
}

/** Prints the rules, unless something would be missing from them: half of them is no state that anybody wants. */
export async function render(options: RenderOptions): Promise<void> {
  const { keepGoing = false } = options;
  const verdicts = readGivenVerdicts(options.health);
  const range = readNodePortRangeOrFail(options.serviceNodePortRange);
  const manifests = await readManifestsOrFail(options.file, range);
  const faults = describeFaults(options.file, manifests);
  if (faults.length > 0 && !keepGoing) throw new UserError(faults);
  const { text, warnings, leftOut } = await renderObjects(options, manifests.objects, verdicts);
  for (const line of [...warnings, ...firstLines(faults), ...firstLines(leftOut)])
    process.stderr.write(`menwei: ${line}\n`);
  if (faults.length > 0 || leftOut.length > 0) process.exitCode = 1;
  if (leftOut.length === 0 || keepGoing) process.stdout.write(text);
}

interface Rendering {
  readonly text: string;
  readonly warnings: readonly string[];
  /** What the objects ask for and the text does not hold. */
  readonly leftOut: readonly string[];
}

async function renderObjects(
  options: RenderOptions,
  objects: readonly WatchedObject[],
  verdicts: readonly Verdict[],
): Promise<Rendering> {
  const { settings, isAuto, warnings } = await readSettings(flagsOf(options, objects), true);
  if (isAuto) throw new UserError('mode auto is chosen by the kernel of the node; choose one with --mode', 2);
  const strangers = describeStrangeNode(settings.nodeName, objects);
  // Nobody has chosen: whose rules would these be?
  if (strangers.length > 0 && settings.nodeName === thisMachine()) throw new UserError(strangers, 2);
  const mode = findMode(settings.mode);
  // Not where anybody listens, as a bind address may be.
  const nodeIp = options.nodeIp === undefined ? undefined : checkIp(options.nodeIp);
  const node = await openNode({ ...settings, bindAddress: nodeIp ?? settings.bindAddress }, mode);
  const tables = new ObjectTables(settings.nodeName);
  for (const object of objects) tables.put(object);
  node.follow(tables);
  const family = options.family ?? node.ips.primaryFamily;
  const rules = mode.rules(settings, family);
  const view = node.view(family);
  if (view.ip === undefined) {
    const place = `the ${family} address of node ${settings.nodeName} is not known`;
    throw new UserError(`${place}; give --node-ip, or a Node object in the files`);
  }
  const leftOut: string[] = [];
  const report = (problem: Problem) => leftOut.push(formatProblem(problem));
  const familyTables = new FamilyTables(family);
  putVerdicts(verdicts, familyTables);
  const plan = desiredPlan({
    rules,
    objects: tables,
    tables: familyTables,
    nodeView: view,
    serviceRules: serviceRules(settings),
    report,
  });
  if (options.health !== undefined)
    leftOut.push(...describeStrangers(options.health, verdicts, familyTables));
  return {
    text: rules.format(rules.diff(rules.nothing(), plan.complete())),
    warnings: [...warnings, ...strangers],
    leftOut,
  };
}

function readGivenVerdicts(path: string | undefined): readonly Verdict[] {
  if (path === undefined) return [];
  const verdicts = readVerdicts(path);
  if (verdicts === undefined) throw new UserError(`--health: ${path}: there is no such file`);
  return verdicts;
}

/** Without its Node object, no endpoint is in its zone, and no range of pods is its own. */
function describeStrangeNode(nodeName: string, objects: readonly WatchedObject[]): readonly string[] {
  const names = objects.filter(({ kind }) => kind === 'Node').map(({ name }) => name);
  if (names.length === 0 || names.includes(nodeName)) return [];
  return [`node ${nodeName} is not in the files (${names.join(', ')}); choose one with --node`];
}

function thisMachine(): string {
  return hostname().trim().toLowerCase();
}

/** A node that is another machine than this one, most likely: only what the objects and options say is known of it. */
async function openNode(settings: Settings, mode: Mode): Promise<NodeState> {
  // Only a node of this machine's name may have its addresses.
  const isThisMachine = mode.usesOwnAddress && settings.nodeName === thisMachine();
  const machine = isThisMachine
    ? await openMachineAddresses(settings, mode, new AbortController().signal)
    : undefined;
  const known = (family: IpFamily): readonly string[] => node.knownAddresses(family);
  const node = new NodeState(settings, {
    all: () => IP_FAMILIES.flatMap(known),
    local: mode.usesLocalAddresses ? known : () => [],
    found: () => undefined,
    own: mode.usesOwnAddress ? (family, stated) => stated ?? machine?.own?.(family, undefined) : undefined,
  });
  return node;
}

/** The options in the words of the proxy's own flags, so that both mean the same. */
function flagsOf(options: RenderOptions, objects: readonly WatchedObject[]): GivenFlags {
  const nodes = objects.filter((object) => object.kind === 'Node');
  const name = options.node ?? (nodes.length === 1 ? nodes[0]?.name : undefined);
  return {
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.mode === undefined ? {} : { 'proxy-mode': options.mode }),
    ...(name === undefined ? {} : { 'hostname-override': name }),
    ...(options.clusterCidr === undefined ? {} : { 'cluster-cidr': options.clusterCidr }),
  };
}

function checkIp(text: string): string {
  const ip = parseIp(text);
  if (ip === undefined) throw new UserError(`--node-ip: ${text} is not an IP address`, 2);
  return ip;
}

/** What `menwei lab` does. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import { runDemo } from '@menwei/lab/demo.ts';
import { runForwardingDemo } from '@menwei/lab/forwarding-demo.ts';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { createLab } from '@menwei/lab/lab.ts';
import { parseLabFile } from '@menwei/lab/lab-file.ts';
import { LabSpecError } from '@menwei/lab/lab-spec-error.ts';
import { startNodeProxy } from '@menwei/lab/node-proxy.ts';
import { type Arrival, isArrival } from '@menwei/lab/owned-address.ts';
import {
  endResidentLab,
  findResidentLab,
  type ResidencePaths,
  type ResidentLabStatus,
  residencePaths,
  serveResidentLab,
} from '@menwei/lab/residence.ts';
import type { LabSpec } from '@menwei/lab/topology.ts';
import { formatProblem } from '../kubernetes/objects.ts';
import { UserError } from '../setup/failure.ts';
import { readManifestsOrFail } from '../setup/manifests-input.ts';
import { formatManifestError } from '../sources/manifests/manifest-file.ts';

const UP_WITHIN_MS = 60_000;
const DOWN_WITHIN_MS = 10_000;
const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

export interface UpOptions {
  readonly file: string;
  readonly manifests?: string;
  readonly proxyMode: string;
  readonly name: string;
  readonly foreground?: true;
}

export interface DemoOptions {
  readonly proxyMode: string;
  readonly forwarding?: string;
}

export interface NameOption {
  readonly name: string;
}

function requireRoot(): void {
  if (process.getuid?.() !== 0)
    throw new UserError('lab: making network namespaces needs root: run it with sudo');
}

function pathsOf({ name }: NameOption): ResidencePaths {
  if (!/^[a-z0-9-]{1,40}$/.test(name)) {
    throw new UserError(`--name ${name}: a lab's name is lower-case letters, digits and dashes`, 2);
  }
  requireRoot();
  return residencePaths(name);
}

async function residentOf(paths: ResidencePaths): Promise<ResidentLabStatus> {
  const found = await findResidentLab(paths);
  if (found === undefined) throw new UserError('lab: not running; start one with menwei lab up -f FILE');
  return found;
}

function readLabFile(file: string): LabSpec {
  try {
    return parseLabFile(file, readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof LabSpecError) throw new UserError(error.message.split('\n'));
    if (error instanceof Error && 'code' in error)
      throw new UserError(`${file}: cannot be read (${error.code})`);
    throw error;
  }
}

export async function up(options: UpOptions): Promise<void> {
  const spec = readLabFile(options.file);
  if (options.manifests !== undefined) await checkManifests(options.manifests);
  const paths = pathsOf(options);
  const running = await findResidentLab(paths);
  if (running !== undefined) {
    throw new UserError(`lab: already running (process ${running.pid}): end it with menwei lab down`);
  }
  await (options.foreground === true ? hold(spec, options, paths) : holdInBackground(options, paths));
}

/** Nodes whose menwei ends at once, or knows less than was meant, are no lab that anybody wants. */
async function checkManifests(path: string): Promise<void> {
  const { errors, problems } = await readManifestsOrFail([path]);
  const faults = [...errors.map(formatManifestError), ...problems.map(formatProblem)];
  if (faults.length > 0) throw new UserError(faults);
}

/** Builds the lab and stays until a signal or `lab down` ends it. */
async function hold(spec: LabSpec, options: UpOptions, paths: ResidencePaths): Promise<void> {
  const lab = await createLab(spec);
  const proxies = new Map<string, HostProcess>();
  if (options.manifests !== undefined) {
    for (const node of lab.nodes) {
      const onOutput = (text: string): void => {
        process.stdout.write(text.replaceAll(/^(?=.)/gm, `${node.name}: `));
      };
      const { manifests, proxyMode } = options;
      proxies.set(node.name, startNodeProxy(node, { manifests, mode: proxyMode, onOutput }));
    }
  }
  const server = await serveResidentLab(paths, lab, proxies, async () => {
    await lab.close();
    server.close();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close();
      void lab.close();
    });
  }
  printStatus(await residentOf(paths));
}

/** Starts the holder as a process of its own and waits until it answers. */
async function holdInBackground(options: UpOptions, paths: ResidencePaths): Promise<void> {
  const log = openSync(paths.log, 'w', 0o600);
  const flags = [
    '--file',
    options.file,
    '--name',
    options.name,
    '--proxy-mode',
    options.proxyMode,
    '--foreground',
  ];
  if (options.manifests !== undefined) flags.push('--manifests', options.manifests);
  const holder = spawn(process.execPath, [MAIN, 'lab', 'up', ...flags], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  holder.unref();
  closeSync(log);
  const deadline = performance.now() + UP_WITHIN_MS;
  for (;;) {
    const found = await findResidentLab(paths);
    if (found !== undefined) {
      printStatus(found);
      process.stdout.write(`log: ${paths.log}\n`);
      return;
    }
    if (holder.exitCode !== null || holder.signalCode !== null || performance.now() > deadline) {
      holder.kill('SIGKILL');
      const [reason = ''] = readFileSync(paths.log, 'utf8').trim().split('\n').slice(-1);
      throw new UserError(`lab: it did not come up: ${reason.replace(/^menwei: /, '')} (log: ${paths.log})`);
    }
    await sleep(50);
  }
}

/** Runs a command in a host's namespace with this terminal, and ends as it ends. */
export async function run(
  hostName: string,
  [file = '', ...argv]: readonly string[],
  options: NameOption,
): Promise<void> {
  const { hosts } = await residentOf(pathsOf(options));
  const host = hosts.find(({ name }) => name === hostName);
  if (host === undefined) {
    throw new UserError(`lab: there is no host ${hostName}, but ${hosts.map(({ name }) => name).join(', ')}`);
  }
  using namespace = openNamespace(host.namespacePath);
  const child = withNamespace(namespace, () => spawn(file, argv, { stdio: 'inherit' }));
  // The terminal sends these to the command as well, and it is the command that decides.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new UserError(`lab: ${file}: command not found`) : error);
    });
    child.once('exit', (code, signal) =>
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
    );
  });
}

export async function status(options: NameOption & { readonly output: string }): Promise<void> {
  const found = await residentOf(pathsOf(options));
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(found)}\n`);
  else printStatus(found);
}

function printStatus({ pid, hosts, proxies }: ResidentLabStatus): void {
  const rows = hosts.map(({ name, kind, addresses }) => {
    const proxy = proxies.find(({ node }) => node === name);
    const note = proxy === undefined ? '' : proxy.isRunning ? 'menwei runs' : 'menwei ended, see the log';
    return `${name.padEnd(24)} ${kind.padEnd(7)} ${addresses.join(' ').padEnd(34)} ${note}`.trimEnd();
  });
  process.stdout.write(`${rows.join('\n')}\nheld by process ${pid}\n`);
}

export async function down(options: NameOption): Promise<void> {
  const paths = pathsOf(options);
  const { pid } = await residentOf(paths);
  await endResidentLab(paths);
  const deadline = performance.now() + DOWN_WITHIN_MS;
  while (existsSync(`/proc/${pid}`)) {
    if (performance.now() > deadline)
      throw new UserError(`lab: process ${pid} does not end (log: ${paths.log})`);
    await sleep(20);
  }
  rmSync(paths.log, { force: true });
  process.stdout.write('the lab is down\n');
}

export async function demo({ proxyMode, forwarding }: DemoOptions): Promise<void> {
  const arrival = forwarding === undefined ? undefined : readForwarding(forwarding, proxyMode);
  requireRoot();
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const wrong =
    arrival === undefined
      ? await runDemo({ mode: proxyMode, print })
      : await runForwardingDemo({ arrival, print });
  for (const fault of wrong) process.stderr.write(`menwei: demo: ${fault}\n`);
  if (wrong.length > 0) process.exitCode = 1;
  else print(`All of it was observed: ${arrival === undefined ? OBSERVED : OBSERVED_FORWARDING}.`);
}

const OBSERVED = 'each pod had its fair share, and nothing was lost when one turned unready';
const OBSERVED_FORWARDING =
  'each pod had its share, saw the client itself, and answered it without the help of IPVS';

function readForwarding(text: string, proxyMode: string): Arrival {
  if (!isArrival(text)) throw new UserError(`--forwarding ${text}: is none of direct, tunnel`, 2);
  if (proxyMode !== 'ipvs') throw new UserError('--forwarding: needs --proxy-mode ipvs', 2);
  return text;
}

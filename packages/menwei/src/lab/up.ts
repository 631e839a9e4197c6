/**
 * `menwei lab up`: builds a lab, holds it, and waits until its proxies have programmed what there is, and Services of type
 * LoadBalancer are reached.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseLabFile } from '@menwei/lab/lab-file.ts';
import { LabSpecError } from '@menwei/lab/lab-spec-error.ts';
import {
  askResidentLab,
  findResidentLab,
  makeResidence,
  type ResidencePaths,
  ResidentLabError,
} from '@menwei/lab/residence.ts';
import type { LabSpec } from '@menwei/lab/topology.ts';
import { UserError } from '../setup/failure.ts';
import { holdLab } from './hold-lab.ts';
import { readLabManifests } from './lab-manifests.ts';
import { type NameOption, pathsOf, residentOf } from './resident-lab.ts';
import { printLabStatus } from './show-lab.ts';
import { untilAnnounced } from './until-announced.ts';
import { ProxyEndedError, showProgress, untilProgrammed } from './until-programmed.ts';

const UP_WITHIN_MS = 60_000;
const MAIN = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

export interface UpOptions extends NameOption {
  readonly file: string;
  readonly manifests?: string;
  readonly proxyMode: string;
  readonly foreground?: true;
  /** Given by the process that waits for this one: what is told to users, and made ready, is its business. */
  readonly holder?: true;
}

export async function up(options: UpOptions): Promise<void> {
  const spec = readLabFile(options.file);
  const manifests = options.manifests === undefined ? [] : await readLabManifests(options.manifests);
  const paths = pathsOf(options);
  if (options.holder === true) {
    await holdLab(spec, { ...options, manifests }, paths);
    return;
  }
  const running = await findResidentLab(paths);
  if (running !== undefined) {
    throw new UserError(`lab: already running (process ${running.pid}): end it with menwei lab down`);
  }
  settle(paths);
  showProgress(`building ${spec.nodes.length} nodes, ${spec.pods?.length ?? 0} pods and a cluster`);
  if (options.foreground === true) await holdLab(spec, { ...options, manifests }, paths);
  else await holdInBackground(options, paths);
  await untilReady(paths);
  printLabStatus(await residentOf(paths));
}

function settle(paths: ResidencePaths): void {
  try {
    makeResidence(paths);
  } catch (error) {
    throw error instanceof ResidentLabError ? new UserError(`lab: ${error.message}`) : error;
  }
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

/** A lab without a proxy that was asked for is taken down again; one that lacks a service port stays, to find out why. */
async function untilReady(paths: ResidencePaths): Promise<void> {
  try {
    await untilProgrammed(paths);
    await untilAnnounced(paths);
  } catch (error) {
    if (error instanceof ProxyEndedError) await askResidentLab(paths, 'down');
    else if (error instanceof UserError) printLabStatus(await residentOf(paths));
    throw error;
  }
}

/** Starts the holder as a process of its own and waits until it answers. */
async function holdInBackground(options: UpOptions, paths: ResidencePaths): Promise<void> {
  const { file, name, proxyMode, manifests } = options;
  const log = openSync(paths.log, 'w', 0o600);
  const flags = ['--file', file, '--name', name, '--proxy-mode', proxyMode, '--holder'];
  if (manifests !== undefined) flags.push('--manifests', manifests);
  const holder = spawn(process.execPath, [MAIN, 'lab', 'up', ...flags], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  holder.unref();
  closeSync(log);
  // Nobody knows yet that it is up.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      holder.kill();
      process.exit(128 + constants.signals[signal]);
    });
  }
  const deadline = performance.now() + UP_WITHIN_MS;
  while ((await findResidentLab(paths)) === undefined) {
    if (holder.exitCode !== null || holder.signalCode !== null || performance.now() > deadline) {
      holder.kill('SIGKILL');
      throw new UserError([...lastWords(paths.log), `lab: it did not come up (log: ${paths.log})`]);
    }
    await sleep(50);
  }
}

/** What it has said to the user, or else its last line. */
function lastWords(log: string): readonly string[] {
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const said = lines
    .filter((line) => line.startsWith('menwei: '))
    .map((line) => line.slice('menwei: '.length));
  return said.length > 0 ? said : lines.slice(-1);
}

/** What `menwei lab` does. */
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runDemo } from '@menwei/lab/demo.ts';
import { runForwardingDemo } from '@menwei/lab/forwarding-demo.ts';
import { type Arrival, isArrival } from '@menwei/lab/owned-address.ts';
import { UserError } from '../setup/failure.ts';
import {
  hostOf,
  type NameOption,
  orderLab,
  pathsOf,
  proxyOf,
  requireRoot,
  residentOf,
} from './resident-lab.ts';
import { printLabStatus } from './show-lab.ts';
import { describeProxy, untilProgrammed } from './until-programmed.ts';

export { diff, kubectl, run } from './inside.ts';
export { logs } from './show-log.ts';

const DOWN_WITHIN_MS = 10_000;

export interface RestartOptions extends NameOption {
  readonly proxyMode?: string;
}

export interface DemoOptions {
  readonly proxyMode: string;
  readonly forwarding?: string;
}

export async function status(options: NameOption & { readonly output: string }): Promise<void> {
  const found = await residentOf(pathsOf(options));
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(found)}\n`);
  else printLabStatus(found);
}

/** Ends when the new proxy has programmed what there is. */
export async function restart(
  node: string,
  flags: readonly string[],
  { proxyMode, ...options }: RestartOptions,
): Promise<void> {
  const paths = pathsOf(options);
  proxyOf(await residentOf(paths), node);
  await orderLab(paths, 'restart', { node, flags, ...(proxyMode === undefined ? {} : { mode: proxyMode }) });
  await untilProgrammed(paths, (name) => name === node);
  process.stdout.write(`${node}: ${describeProxy(proxyOf(await residentOf(paths), node))}\n`);
}

/** The pod's readiness, as a kubelet would report it. */
export async function setReady(pod: string, isReady: boolean, options: NameOption): Promise<void> {
  const paths = pathsOf(options);
  hostOf(await residentOf(paths), pod);
  await orderLab(paths, 'ready', { pod, isReady });
}

export async function down(options: NameOption): Promise<void> {
  const paths = pathsOf(options);
  const { pid } = await residentOf(paths);
  await orderLab(paths, 'down', {});
  const deadline = performance.now() + DOWN_WITHIN_MS;
  while (existsSync(`/proc/${pid}`)) {
    if (performance.now() > deadline)
      throw new UserError(`lab: process ${pid} does not end (log: ${paths.log})`);
    await sleep(20);
  }
  rmSync(paths.folder, { recursive: true, force: true });
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

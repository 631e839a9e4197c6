/** What the commands of `menwei lab` do that have something happen to a node. */
import type { ResidencePaths } from '@menwei/lab/residence.ts';
import { TO_BE_DELETED_TAINT } from '../kubernetes/node-exclusion.ts';
import { hostOf, type NameOption, orderLab, pathsOf, proxyOf, residentOf } from './resident-lab.ts';
import { describeProxy, untilProgrammed } from './until-programmed.ts';

export async function linkDown(node: string, options: NameOption): Promise<void> {
  await orderLab(await pathsTo(node, options), 'link', { node, state: 'down' });
  say(`${node}: link down; its interface has no carrier`);
}

export async function isolate(node: string, options: NameOption): Promise<void> {
  await orderLab(await pathsTo(node, options), 'link', { node, state: 'isolated' });
  say(`${node}: isolated; its interface stays up, and it reaches nobody, nor the API server`);
}

export async function linkUp(node: string, options: NameOption): Promise<void> {
  await orderLab(await pathsTo(node, options), 'link', { node, state: 'up' });
  say(`${node}: link up`);
}

const SIGNALS = {
  kill: { signal: 'SIGKILL', said: 'killed (SIGKILL); its rules stay in the kernel' },
  pause: { signal: 'SIGSTOP', said: 'stopped (SIGSTOP); its rules stay in the kernel' },
  resume: { signal: 'SIGCONT', said: 'continued (SIGCONT)' },
} as const;

/** To the proxy of a node. */
export async function signalProxy(
  name: keyof typeof SIGNALS,
  node: string,
  options: NameOption,
): Promise<void> {
  const paths = await pathsTo(node, options);
  proxyOf(await residentOf(paths), node);
  const { signal, said } = SIGNALS[name];
  await orderLab(paths, 'signal', { node, signal });
  say(`${node}: proxy ${said}`);
}

export async function powerOff(node: string, options: NameOption): Promise<void> {
  await orderLab(await pathsTo(node, options), 'power', { node, isOn: false });
  say(`${node}: off; its proxy is killed, its link is cut, its pods are reached by nobody`);
}

/** Ends when the proxy has programmed what there is. */
export async function powerOn(node: string, options: NameOption): Promise<void> {
  const paths = await pathsTo(node, options);
  await orderLab(paths, 'power', { node, isOn: true });
  await untilProgrammed(paths, (name) => name === node);
  const { proxies } = await residentOf(paths);
  const proxy = proxies.find((candidate) => candidate.node === node);
  say(`${node}: on${proxy === undefined ? '' : `; ${describeProxy(proxy)}`}`);
}

export async function drain(node: string, isDraining: boolean, options: NameOption): Promise<void> {
  await orderLab(await pathsTo(node, options), 'drain', { node, isDraining });
  say(
    isDraining
      ? `${node}: cordoned, and tainted ${TO_BE_DELETED_TAINT}`
      : `${node}: schedulable again, without the taint`,
  );
}

/** @throws UserError where there is no such host */
async function pathsTo(node: string, options: NameOption): Promise<ResidencePaths> {
  const paths = pathsOf(options);
  hostOf(await residentOf(paths), node);
  return paths;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

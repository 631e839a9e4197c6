/** Waiting for the proxies of a lab, with a word about their progress. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyStatus, ResidencePaths } from '@menwei/lab/residence.ts';
import { UserError } from '../setup/failure.ts';
import { residentOf } from './resident-lab.ts';

const LOOK_EVERY_MS = 100;
const WITHIN_MS = 60_000;

/** A proxy has ended instead. */
export class ProxyEndedError extends UserError {}

/**
 * Resolves when the proxies have programmed all there is.
 *
 * @param isWaitedFor whether a node's proxy is to be waited for
 * @throws ProxyEndedError at once if one ends, and UserError when one can't program a service port, or is not done in a minute
 */
export async function untilProgrammed(
  paths: ResidencePaths,
  isWaitedFor: (node: string) => boolean = () => true,
): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  const progress = new Progress();
  for (;;) {
    const { proxies } = await residentOf(paths);
    const waited = proxies.filter(({ node }) => isWaitedFor(node));
    progress.show(waited);
    const ended = waited.filter(({ state }) => state === 'ended');
    if (ended.length > 0) throw new ProxyEndedError(ended.map(describeEnd));
    if (waited.every(({ state }) => state === 'programmed' || state === 'incomplete')) {
      const reasons = waited.flatMap(({ node, reasons }) =>
        reasons.map((reason) => `lab: ${node}: ${reason}`),
      );
      if (reasons.length > 0) throw new UserError(reasons);
      return;
    }
    if (performance.now() > deadline) throw new UserError(waited.flatMap(describeDelay));
    await sleep(LOOK_EVERY_MS);
  }
}

function describeEnd({ node, reasons, log }: ProxyStatus): string {
  return `lab: the proxy on ${node} has ended: ${reasons.join('; ')} (log: ${log})`;
}

function describeDelay(proxy: ProxyStatus): readonly string[] {
  if (proxy.state === 'programmed') return [];
  return [
    `lab: after ${WITHIN_MS / 1000} s ${proxy.node} is not done: ${describeProxy(proxy)} (log: ${proxy.log})`,
  ];
}

/** `nftables, 3 of 5 service ports programmed` */
export function describeProxy({ mode, state, programmed, total }: ProxyStatus): string {
  const done = `${programmed === total ? '' : `${programmed} of `}${total} service port${total === 1 ? '' : 's'}`;
  const what = {
    starting: 'starting',
    syncing: `${done} programmed so far`,
    programmed: `${done} programmed`,
    incomplete: `${done} programmed`,
    ended: 'has ended',
  };
  return `${mode}, ${what[state]}`;
}

/** A line for who looks; nothing where no one does. */
export function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

/** A line for each proxy that is further than before. */
class Progress {
  readonly #shown = new Map<string, string>();

  show(proxies: readonly ProxyStatus[]): void {
    for (const proxy of proxies) {
      const line = `${proxy.node}: ${describeProxy(proxy)}`;
      if (this.#shown.get(proxy.node) !== line) showProgress(line);
      this.#shown.set(proxy.node, line);
    }
  }
}

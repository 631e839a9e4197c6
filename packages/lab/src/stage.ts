/** What the demos share: a folder of manifests that goes when they end, lines with the time, and waiting for proxies. */
import { rmSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from './host.ts';
import type { HostProcess } from './host-process.ts';
import type { Lab } from './lab.ts';
import { isFailure } from './outcome.ts';

const PROGRAMMED_WITHIN_MS = 30_000;

export interface Stage {
  /** Where the proxies read their objects. */
  readonly folder: string;
  readonly print: (line: string) => void;
  /** Prints what comes next, with the time. */
  readonly step: (text: string) => void;
}

/** One way to reach a Service. */
export interface Way {
  readonly title: string;
  readonly from: LabHost;
  readonly target: string;
}

export async function onStage<T>(
  print: (line: string) => void,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const step = (text: string): void => {
    print(`[${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s] ${text}`);
  };
  const folder = await mkdtemp(join(tmpdir(), 'menwei-demo-'));
  // The namespaces go with the process, the folder does not.
  const endEarly = (): void => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, endEarly);
  try {
    return await play({ folder, print, step });
  } finally {
    await rm(folder, { recursive: true, force: true });
    step('cleaned up');
  }
}

/** Each file appears whole: it is written beside the folder's manifests and then renamed. */
export async function writeManifests(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const draft = join(folder, `.${name}.draft`);
    await writeFile(draft, text);
    await rename(draft, join(folder, name));
  }
}

export function showHosts(lab: Lab, print: (line: string) => void): void {
  for (const host of lab.hosts)
    if (host.ip !== undefined) print(`            ${host.name.padEnd(14)} ${host.ip}`);
}

/** Waits until every way leads to an answer; returns what went wrong instead, if anything did. */
export async function untilAnswered(
  ways: readonly Way[],
  proxies: readonly HostProcess[],
): Promise<string | undefined> {
  const deadline = performance.now() + PROGRAMMED_WITHIN_MS;
  for (const { title, from, target } of ways) {
    let outcome = await from.http(target, { timeoutMs: 500 });
    while (isFailure(outcome)) {
      const dead = proxies.find((proxy) => !proxy.isRunning);
      if (dead !== undefined) return `menwei ended: ${lastLines(dead.output())}`;
      if (performance.now() > deadline) {
        const logs = proxies.map((proxy) => lastLines(proxy.output())).join('\n');
        return `no answer ${title} within ${PROGRAMMED_WITHIN_MS / 1000} s: ${outcome.detail}\n${logs}`;
      }
      await sleep(100);
      outcome = await from.http(target, { timeoutMs: 500 });
    }
  }
  return undefined;
}

/** One fault for each proxy that ended by itself. */
export function deadProxies(proxies: readonly HostProcess[]): readonly string[] {
  return proxies
    .filter((proxy) => !proxy.isRunning)
    .map((proxy) => `a proxy ended by itself: ${lastLines(proxy.output())}`);
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}

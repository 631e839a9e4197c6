/** `menwei cluster up` as a user starts it, and what it tells of itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { ClusterClient } from './cluster-client.ts';
import type { Probed, ProbeQuestion } from './cluster-probe.ts';
import { residentMb, scheduledSeconds } from './started-process.ts';

const PROBE = join(import.meta.dirname, 'cluster-probe.ts');
const LONGEST_START_MS = 120_000;
/** Nothing was left to do for so long. */
const QUIET_MS = 1_500;
const LOOK_EVERY_MS = 50;

interface ClusterStart {
  /** Of `menwei`. */
  readonly launcher: string;
  /** Where the data is. */
  readonly folder: string;
  readonly flags?: readonly string[];
  /** Its main thread can be asked; costs it a megabyte. */
  readonly isProbed?: boolean;
}

export class ClusterProcess {
  readonly client: ClusterClient;
  /** From the start of the launcher until it says so. */
  readonly readyMs: number;
  /** On the clock of `performance.now()`. */
  readonly startedMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, client: ClusterClient, startedMs: number) {
    this.#child = child;
    this.client = client;
    this.startedMs = startedMs;
    this.readyMs = performance.now() - startedMs;
  }

  static async start({ launcher, folder, flags = [], isProbed = false }: ClusterStart) {
    const startedMs = performance.now();
    const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const argv = [launcher, 'cluster', 'up', '--data', folder, ...listen, ...flags];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', ...(isProbed ? (['ipc'] as const) : [])],
      env: { ...process.env, ...(isProbed ? { NODE_OPTIONS: `--import ${PROBE}` } : {}) },
    });
    const log: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text: string) => log.push(text));
    await untilReady(child, log);
    const kubeconfig = join(folder, 'admin.kubeconfig');
    return new ClusterProcess(child, new ClusterClient(readAccess(kubeconfig)), startedMs);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the cluster was not started');
    return this.#child.pid;
  }

  get rssMb(): number {
    return residentMb(this.pid);
  }

  /** Of all its threads since its start. */
  get cpuMs(): number {
    return scheduledSeconds(this.pid) * 1_000;
  }

  async ask(question: ProbeQuestion): Promise<Probed> {
    const answered = once(this.#child, 'message');
    this.#child.send(question);
    const [answer] = await answered;
    return answer;
  }

  /** What the work took, and how long the cluster's main thread computed at a stretch meanwhile. */
  async whileProbed<Result>(
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly stretchMs: number }> {
    await this.ask('watch');
    const result = await work();
    const { longestStretch } = await this.ask('tell');
    return { result, stretchMs: longestStretch };
  }

  /** The sum of a metric over all its labels. */
  async metric(name: string): Promise<number> {
    return sumOf(await this.client.text('/metrics'), name);
  }

  /** Until no controller has anything to do, and nobody writes; resolves with when that began. */
  async settled(): Promise<number> {
    let quietSinceMs = performance.now();
    let before = '';
    for (;;) {
      const beganAt = performance.now();
      const metrics = await this.client.text('/metrics');
      const now = [
        sumOf(metrics, 'menwei_cluster_store_revision'),
        sumOf(metrics, 'workqueue_adds_total'),
      ].join();
      if (now !== before || sumOf(metrics, 'workqueue_depth') > 0) quietSinceMs = performance.now();
      else if (beganAt - quietSinceMs > QUIET_MS) return quietSinceMs;
      before = now;
      await sleep(LOOK_EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    this.client.close();
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

/** Resolves when it says that it is ready. */
async function untilReady(child: ChildProcess, log: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = () => reject(new Error(`the cluster does not get ready:\n${log.join('')}`));
  const timer = setTimeout(fail, LONGEST_START_MS);
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('ready;')) resolve();
  });
  child.once('exit', fail);
  try {
    await promise;
  } catch (error) {
    child.kill();
    throw error;
  } finally {
    clearTimeout(timer);
    child.off('exit', fail);
  }
}

function readAccess(path: string) {
  const { clusters, users } = parse(readFileSync(path, 'utf8'));
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key, token } = users[0].user;
  const pem = (data: string | undefined) => (data === undefined ? undefined : Buffer.from(data, 'base64'));
  return { server, ca: pem(ca), cert: pem(cert), key: pem(key), token };
}

function sumOf(metrics: string, name: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

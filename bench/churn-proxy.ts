/** `menwei run` as bench/churn.ts starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collected, type LogLine, parseLogLine } from './churn-verdict.ts';

export const LAUNCHER = join(import.meta.dirname, '../bin/menwei');
const COLLECTOR = join(import.meta.dirname, 'churn-collector.ts');
const FIRST_SYNC_MS = 120_000;
const COLLECT_MS = 60_000;
const MB = 2 ** 20;

export class RunningProxy {
  readonly lines: LogLine[] = [];
  /** What is no log line: nothing, as long as all is well. */
  readonly others: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** @param collects whether {@link collect} is going to be called */
  constructor(flags: readonly string[], { collects = false } = {}) {
    const argv = ['--pdeathsig', 'KILL', LAUNCHER, 'run', ...flags];
    this.#child = spawn('setpriv', argv, {
      stdio: ['ignore', 'inherit', 'pipe', ...(collects ? (['ipc'] as const) : [])],
      env: { ...process.env, ...(collects ? { NODE_OPTIONS: `--import ${COLLECTOR}` } : {}) },
    });
    let rest = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
    this.#ended = once(this.#child, 'close');
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the proxy was not started');
    return this.#child.pid;
  }

  get rssMb(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  }

  /** What memory is left of it when all garbage is gone. */
  async collect(): Promise<Omit<Collected, 'seconds'>> {
    this.#child.send('collect');
    const [answer] = await once(this.#child, 'message', { signal: AbortSignal.timeout(COLLECT_MS) });
    const bytes: { readonly objects: number; readonly outside: number } = answer;
    return { objectsMb: bytes.objects / MB, outsideMb: bytes.outside / MB };
  }

  async untilSynced(): Promise<void> {
    const deadlineMs = performance.now() + FIRST_SYNC_MS;
    const synced = () => this.lines.filter(({ message }) => message.startsWith('full sync complete'));
    while (synced().length < 2) {
      if (performance.now() > deadlineMs || !this.isRunning) {
        throw new Error(`the proxy did not get to its first sync:\n${this.#tail()}`);
      }
      await sleep(100);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  #take(line: string): void {
    const parsed = parseLogLine(line);
    if (parsed === undefined) this.others.push(line);
    else this.lines.push(parsed);
  }

  #tail(): string {
    return [...this.lines.slice(-10).map(({ message }) => message), ...this.others].join('\n');
  }
}

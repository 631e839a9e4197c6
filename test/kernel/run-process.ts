/** `bin/menwei run`, or another command that runs until it is told to stop, as a user starts it, in the network namespace of the test file. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { ServicePortStatus } from 'menwei/state/service-port-status.ts';
import { expect } from 'vitest';

export const LAUNCHER = fileURLToPath(new URL('../../bin/menwei', import.meta.url));
const execFileAsync = promisify(execFile);

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Line by line. */
  readonly stderr: readonly string[];
}

export interface StartOptions {
  /** Where programs are found. */
  readonly path?: string;
  /** What is run: `run` unless it is given. */
  readonly command?: string;
  /** A program and arguments that start the launcher in their turn. */
  readonly through?: readonly string[];
}

/** A started menwei. Disposing it leaves no process behind, whatever state the test is in. */
export class RunProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  #stdout = '';
  #stderr = '';

  private constructor(args: readonly string[], { path, command = 'run', through = [] }: StartOptions) {
    // Should this process be killed, its menwei goes with it.
    const argv = ['--pdeathsig', 'KILL', ...through, LAUNCHER, command, ...args];
    this.#child = spawn('/usr/bin/setpriv', argv, {
      cwd: '/',
      env: { PATH: path ?? process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = once(this.#child, 'close').then(() => [this.#child.exitCode, this.#child.signalCode]);
  }

  static start(args: readonly string[], options: StartOptions = {}): RunProcess {
    return new RunProcess(args, options);
  }

  /** Starts one that is expected to end by itself. */
  static async toItsEnd(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    await using run = RunProcess.start(args, options);
    return await run.ended();
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whole lines on standard error so far; with a letter, the log lines of this level, without their times. */
  log(level?: 'I' | 'W' | 'E'): readonly string[] {
    const lines = this.#stderr.split('\n').slice(0, -1);
    if (level === undefined) return lines;
    const start = new RegExp(`^\\S+Z ${level} `);
    return lines.filter((line) => start.test(line)).map((line) => line.replace(start, ''));
  }

  /** Resolves after the first sync of both IP families: that one has had its own says nothing about the other. */
  async synced(): Promise<void> {
    const synced = () =>
      IP_FAMILIES.filter((family) =>
        this.log('I').some((line) => line.startsWith('full sync complete ') && line.includes(`=${family} `)),
      );
    await expect.poll(synced, { timeout: 20_000 }).toEqual(IP_FAMILIES);
  }

  /** Ends it, and checks that nothing it started lives on. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    const started = childrenOf(this.#child.pid);
    this.#child.kill(signal);
    const ended = await this.ended();
    await expect.poll(() => started.filter(isAlive)).toEqual([]);
    return ended;
  }

  async ended(): Promise<Ended> {
    const [status, signal] = await this.#ended;
    return { status, signal, stdout: this.#stdout, stderr: this.log() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.end('SIGKILL');
  }
}

/** IDs of processes; not from /proc/<pid>/task/<pid>/children, which some kernels don't have. */
export function childrenOf(pid: number | undefined): readonly string[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.filter((child) => parentOf(child) === String(pid));
}

function parentOf(pid: string): string | undefined {
  try {
    // The name of the program, in parentheses, may hold anything.
    return / \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''))?.[1];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** An orphan that nobody has asked about yet is dead all the same. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}

/** Where the service ports stand, as the metrics server tells it: `default/web/TCP IPv4 programmed`. */
export async function observeStatus(port = 10_249): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/status`);
  const statuses: readonly ServicePortStatus[] = JSON.parse(await response.text());
  return statuses.map(({ servicePort, family, state }) => `${servicePort} ${family} ${state}`).sort();
}

/** The rules of a table without its counters. */
export async function savedRules(table: 'nat' | 'filter' = 'nat'): Promise<readonly string[]> {
  const { stdout } = await execFileAsync('iptables-save', ['-t', table]);
  return stdout.split('\n').filter((line) => line.startsWith('-A '));
}

/** The rules whose comment names a service port. */
export async function rulesOf(servicePort: string): Promise<readonly string[]> {
  const mention = new RegExp(`--comment "?${servicePort}["\\s]`);
  const rules = [...(await savedRules('nat')), ...(await savedRules('filter'))];
  return rules.filter((rule) => mention.test(rule));
}

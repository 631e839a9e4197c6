/** Programs inside a host's namespace. They die with the lab, also when the lab is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type NetworkNamespace, withNamespace } from '@menwei/kernel/netns.ts';

export interface ExecResult {
  /** Null when a signal ended the program. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  /** Standard input; empty unless given. */
  readonly input?: string | undefined;
  /** Killed after this time; 30,000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface SpawnOptions {
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** Called with each piece of output. */
  readonly onOutput?: ((text: string) => void) | undefined;
  /** Whether {@link HostProcess.output} has it all; so it is unless it says false. */
  readonly keepsOutput?: boolean | undefined;
}

/** How a program ended. */
export interface ExitState {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Starts a program in the namespace. The kernel kills it when the calling thread ends. */
function start(
  namespace: NetworkNamespace,
  file: string,
  argv: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  return withNamespace(namespace, () =>
    spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...argv], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    }),
  );
}

/** Runs a program to its end. */
export async function exec(
  namespace: NetworkNamespace,
  file: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const child = start(namespace, file, argv, { env: options.env });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 30_000);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  // A program that does not read its input to the end is free to do so.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const { status } = await exitOf(child);
  clearTimeout(timer);
  return { status, stdout: stdout(), stderr: stderr() };
}

async function exitOf(child: ChildProcess): Promise<ExitState> {
  const [status, signal] = await once(child, 'close');
  return { status, signal };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}

/** A program that keeps running. */
export class HostProcess {
  readonly exited: Promise<ExitState>;
  readonly #child: ChildProcess;
  #output = '';

  constructor(
    namespace: NetworkNamespace,
    file: string,
    argv: readonly string[],
    options: SpawnOptions = {},
  ) {
    const child = start(namespace, file, argv, options);
    this.#child = child;
    child.stdin?.end();
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        if (options.keepsOutput !== false) this.#output += text;
        options.onOutput?.(text);
      });
    }
    this.exited = exitOf(child);
    // Whoever cares awaits `exited`; a missing setpriv must not end the whole lab.
    this.exited.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** All that the program wrote so far, standard output and standard error as they came. */
  output(): string {
    return this.#output;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks the program to end, and kills it if it has not after `graceMs`. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 5_000): Promise<ExitState> {
    if (this.isRunning) this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

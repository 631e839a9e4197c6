/**
 * Runs external tools, never through a shell. They are started without a fork, which would copy the page tables of this
 * process and so stop a proxy of half a gigabyte for tens of milliseconds (docs/decisions/0033-tools-without-a-fork.md).
 */
import type { Socket } from 'node:net';
import { findProgram } from './find-program.ts';
import { ToolProcess } from './tool-process.ts';

export interface ToolResult {
  /** Exit status; 128 + signal number when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  /** The beginning of it, if there is much. */
  readonly stderr: string;
}

export interface ToolRun {
  /** Name of the program, looked up on the PATH of this process, or an absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** Standard input, piece by piece; never held as a whole. */
  readonly input?: Iterable<string>;
  /** Takes standard output as it comes; without it, it is collected into the result. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Takes the number of the process, in the PID namespace of this one. */
  readonly onStarted?: (pid: number) => void;
  readonly signal?: AbortSignal;
  /** How long it may take at first, if not {@link USUAL_LIMIT_MS}. */
  readonly limitMs?: number;
}

/** A tool that has not ended by then hangs. */
const USUAL_LIMIT_MS = 120_000;
/**
 * What a tool gets beside that for each megabyte that it takes or gives. A quarter of a million chains are 100 MB, and take
 * the legacy tools 46 s on a fast machine.
 */
const MEGABYTE_LIMIT_MS = 10_000;
/** Ten times what a quarter of a million chains are; a tool that gives more will not end, since output earns it time. */
const MOST_TAKEN_BYTES = 2 ** 30;
const MOST_COLLECTED_BYTES = 16 * 2 ** 20;
/** It ends in a line of the log. */
const MOST_ERROR_BYTES = 4 * 2 ** 10;
/** All tools wait for the first start of `setpriv`; one that hangs is done without. */
const GUARD_LIMIT_MS = 10_000;
/** A tool that was killed is gone after this long, or stuck in the kernel. */
const KILL_GRACE_MS = 1_000;

export interface ToolRunner {
  /**
   * Rejects when the tool can't be started, the signal fires, it takes too long or gives too much, `onOutput` throws, or the
   * runner is closed before it has ended. It is gone then, with all that it started in its process group.
   */
  run(run: ToolRun): Promise<ToolResult>;
  close(): void;
}

/** Tools end with this process, however that ends, where the machine has a `setpriv` that can see to it. */
export function startToolRunner(): ToolRunner {
  return new RealToolRunner();
}

class RealToolRunner implements ToolRunner {
  /** What ends each of those that run. */
  readonly #running = new Set<() => void>();
  #guard: Promise<readonly string[]> | undefined;
  #isClosed = false;

  async run(run: ToolRun): Promise<ToolResult> {
    this.#throwIfOver(run);
    const path = findProgram(run.file);
    this.#guard ??= findGuard(this.#running);
    const guard = await unlessAborted(this.#guard, run.signal);
    this.#throwIfOver(run);
    const argv = [...guard, run.file, ...run.args];
    const tool = new ToolProcess(guard[0] ?? path, argv);
    run.onStarted?.(tool.pid);
    return await attend(tool, run, this.#running);
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#running) end();
  }

  #throwIfOver(run: ToolRun): void {
    run.signal?.throwIfAborted();
    if (this.#isClosed) throw closed(run);
  }
}

function closed({ file }: ToolRun): Error {
  return new Error(`${file}: the tool runner is closed`);
}

/** What, put before a command, ends it when this process ends; nothing where there is no such program. */
async function findGuard(running: Set<() => void>): Promise<readonly string[]> {
  try {
    const path = findProgram('setpriv');
    const guard = [path, '--pdeathsig', 'KILL', '--'];
    // That of busybox knows no such option.
    const trial = new ToolProcess(path, [...guard, path, '--version']);
    const { status } = await attend(trial, { file: path, args: [], limitMs: GUARD_LIMIT_MS }, running);
    return status === 0 ? guard : [];
  } catch {
    return [];
  }
}

/** Rejects with the signal's reason when that fires first. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return result;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * Feeds a tool, takes what it says, and sees to it that it ends.
 *
 * @param running has, as long as the tool runs, what ends it early
 */
async function attend(tool: ToolProcess, run: ToolRun, running: Set<() => void>): Promise<ToolResult> {
  const stdout: Uint8Array[] = [];
  const stderr = new Beginning(MOST_ERROR_BYTES);
  const onOutput = run.onOutput ?? ((chunk) => stdout.push(chunk));
  let allowance = run.onOutput === undefined ? MOST_COLLECTED_BYTES : MOST_TAKEN_BYTES;
  const givenUp = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  let stopped: unknown;
  const stop = (reason: unknown) => {
    stopped ??= reason;
    tool.kill();
    grace ??= setTimeout(() => givenUp.reject(reason), KILL_GRACE_MS);
  };
  using limit = new TimeLimit(run.limitMs, (seconds) =>
    stop(new Error(`did not end within ${seconds} s and was killed`)),
  );
  const abort = () => stop(run.signal?.reason);
  run.signal?.addEventListener('abort', abort, { once: true });
  const close = () => stop(closed(run));
  running.add(close);
  tool.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  tool.stdout.on('data', (chunk: Buffer) => {
    if (stopped !== undefined) return;
    limit.add(chunk.length);
    allowance -= chunk.length;
    try {
      if (allowance < 0) throw new Error('printed too much and was killed');
      onOutput(chunk);
    } catch (error) {
      stop(error);
    }
  });
  try {
    feed(tool.stdin, run.input ?? [], limit).catch(stop);
    const status = await Promise.race([tool.ended, givenUp.promise]);
    if (stopped !== undefined) throw stopped;
    return { status, stdout: text(stdout), stderr: stderr.text };
  } finally {
    clearTimeout(grace);
    run.signal?.removeEventListener('abort', abort);
    running.delete(close);
    tool.letGo();
  }
}

/** One piece at a time: the next is made when the tool has taken the last, so nothing piles up in memory. */
async function feed(stdin: Socket, input: Iterable<string>, limit: TimeLimit): Promise<void> {
  for (const piece of input) {
    if (stdin.destroyed) return;
    const bytes = Buffer.from(piece);
    await new Promise<void>((resolve) => {
      stdin.write(bytes, () => resolve());
    });
    limit.add(bytes.length);
  }
  stdin.end();
}

/** The time that a tool has, which grows with what passes through it. */
class TimeLimit implements Disposable {
  readonly #startedMs = performance.now();
  readonly #exceeded: (seconds: number) => void;
  #limitMs: number;
  #timer: NodeJS.Timeout;

  constructor(limitMs = USUAL_LIMIT_MS, exceeded: (seconds: number) => void) {
    this.#limitMs = limitMs;
    this.#exceeded = exceeded;
    this.#timer = setTimeout(() => this.#check(), limitMs);
  }

  add(bytes: number): void {
    this.#limitMs += (bytes / 2 ** 20) * MEGABYTE_LIMIT_MS;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    const restMs = this.#startedMs + this.#limitMs - performance.now();
    if (restMs > 0) this.#timer = setTimeout(() => this.#check(), restMs);
    else this.#exceeded(Number((this.#limitMs / 1_000).toFixed(1)));
  }
}

/** As much of an output as there is room for. */
class Beginning {
  readonly #kept: Uint8Array[] = [];
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  push(chunk: Uint8Array): void {
    if (this.#room > 0) this.#kept.push(chunk.subarray(0, this.#room));
    this.#room -= chunk.length;
  }

  get text(): string {
    return text(this.#kept) + (this.#room < 0 ? '…' : '');
  }
}

function text(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString('utf8');
}

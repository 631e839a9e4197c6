/**
 * Runs external tools from a small helper process. Starting a process copies the page tables of the parent, which
 * stops a proxy of half a gigabyte for tens of milliseconds; the helper is started before that and stays small. Should it
 * be killed, the runs that are on fail, and the next one gets a new helper.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { ToolReply, ToolRequest } from './tool-process.ts';

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
/** A tool that was killed is gone after this long, or stuck in the kernel. */
const KILL_GRACE_MS = 1_000;

export interface ToolRunner {
  /**
   * Rejects when the tool can't be started, the signal fires, it takes too long or gives too much, `onOutput` throws, or the
   * helper is lost before it has ended.
   * In any case it is gone then, with all that it started itself.
   */
  run(run: ToolRun): Promise<ToolResult>;
  close(): void;
}

interface Pending {
  readonly onOutput: (chunk: Uint8Array) => void;
  readonly onError: (chunk: Uint8Array) => void;
  readonly finish: (status: number) => void;
  readonly fail: (cause: Error) => void;
  accepted: () => void;
}

/**
 * The helper process is started with the first tool, so it should be run before this process has grown. It ends with
 * this process, however that ends.
 */
export function startToolRunner(): ToolRunner {
  return new LastingToolRunner();
}

class LastingToolRunner implements ToolRunner {
  #helper: Helper | undefined;
  #closed = false;

  async run(run: ToolRun): Promise<ToolResult> {
    run.signal?.throwIfAborted();
    if (this.#closed) throw new Error(`${run.file}: the tool runner is closed`);
    if (this.#helper === undefined || this.#helper.isLost) this.#helper = new Helper();
    return this.#helper.run(run);
  }

  close(): void {
    this.#closed = true;
    this.#helper?.close();
  }
}

class Helper {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #isLost = false;

  constructor() {
    this.#process = fork(new URL('./tool-process.ts', import.meta.url), {
      serialization: 'advanced',
      execArgv: ['--max-semi-space-size=2'],
    });
    this.#process.on('message', (reply: ToolReply) => this.#take(reply));
    this.#process.on('exit', (code, signal) => this.#lose(`helper process ended (${signal ?? code})`));
    this.#process.on('error', (error) => this.#lose(`helper process failed: ${error.message}`));
    // An idle helper must not keep a one-shot command alive.
    this.#process.unref();
    this.#process.channel?.unref();
  }

  /** It will run nothing any more. */
  get isLost(): boolean {
    return this.#isLost || !this.#process.connected;
  }

  async run(run: ToolRun): Promise<ToolResult> {
    const id = this.#nextId++;
    const stdout: Uint8Array[] = [];
    const stderr = new Beginning(MOST_ERROR_BYTES);
    const onOutput = run.onOutput ?? ((chunk) => stdout.push(chunk));
    let allowance = run.onOutput === undefined ? MOST_COLLECTED_BYTES : MOST_TAKEN_BYTES;
    const outcome = Promise.withResolvers<number>();
    using limit = new TimeLimit(run.limitMs, (seconds) =>
      stop(new Error(`did not end within ${seconds} s and was killed`)),
    );
    let grace: NodeJS.Timeout | undefined;
    let stopped: unknown;
    const stop = (reason: unknown) => {
      stopped ??= reason;
      this.#send({ id, kind: 'kill' });
      grace ??= setTimeout(() => outcome.reject(reason), KILL_GRACE_MS);
    };
    const abort = () => stop(run.signal?.reason);
    run.signal?.addEventListener('abort', abort, { once: true });
    this.#process.channel?.ref();
    try {
      this.#pending.set(id, {
        onOutput: (chunk) => {
          if (stopped !== undefined) return;
          limit.add(chunk.length);
          allowance -= chunk.length;
          try {
            if (allowance < 0) throw new Error('printed too much and was killed');
            onOutput(chunk);
          } catch (error) {
            stop(error);
          }
        },
        onError: (chunk) => stderr.push(chunk),
        finish: outcome.resolve,
        // Who ends this process may end the helper with it.
        fail: (error) => outcome.reject(stopped ?? error),
        accepted: () => undefined,
      });
      this.#send({ id, kind: 'start', file: run.file, args: run.args });
      this.#feed(id, run.input ?? [], limit).catch(stop);
      const status = await outcome.promise;
      if (stopped !== undefined) throw stopped;
      return { status, stdout: text(stdout), stderr: stderr.text };
    } finally {
      clearTimeout(grace);
      run.signal?.removeEventListener('abort', abort);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#process.channel?.unref();
    }
  }

  close(): void {
    if (this.#process.connected) this.#process.disconnect();
  }

  /** One piece at a time: the next is sent when the tool has taken the last, so nothing piles up in memory. */
  async #feed(id: number, input: Iterable<string>, limit: TimeLimit): Promise<void> {
    for (const piece of input) {
      const pending = this.#pending.get(id);
      if (pending === undefined) return;
      const accepted = new Promise<void>((resolve) => {
        pending.accepted = resolve;
      });
      const bytes = Buffer.from(piece);
      this.#send({ id, kind: 'input', piece: bytes });
      await accepted;
      limit.add(bytes.length);
    }
    if (this.#pending.has(id)) this.#send({ id, kind: 'end' });
  }

  #send(request: ToolRequest): void {
    if (this.#process.connected) this.#process.send(request);
    else this.#lose('helper process is gone');
  }

  #take(reply: ToolReply): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    switch (reply.kind) {
      case 'accepted':
        pending.accepted();
        break;
      case 'stdout':
        pending.onOutput(reply.chunk);
        break;
      case 'stderr':
        pending.onError(reply.chunk);
        break;
      case 'exit':
        pending.finish(reply.status);
        break;
      case 'failed':
        pending.fail(new Error(reply.message));
        break;
    }
  }

  #lose(reason: string): void {
    this.#isLost = true;
    this.close();
    for (const pending of this.#pending.values()) {
      pending.fail(new Error(reason));
      pending.accepted();
    }
  }
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

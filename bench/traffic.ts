/** Compiles bench/traffic.c, bench/stream.c and bench/datagrams.c and runs them in network namespaces. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { exec, HostProcess } from '@menwei/lab/host-process.ts';
import { UserError } from 'menwei/setup/failure.ts';
import * as v from 'valibot';

/** Where requests go: to each address in turn. */
export interface Target {
  readonly addresses: readonly string[];
  readonly port: number;
}

interface Load {
  /** Connections that are on at any time, each for one request. */
  readonly concurrency: number;
  /** How long one target after the other is asked. */
  readonly turnSeconds: number;
  /** How many times each. */
  readonly turns: number;
}

const OutcomeSchema = v.object({
  failed: v.number(),
  /** From the start of the connection to the answer. */
  p50Ns: v.number(),
  p99Ns: v.number(),
  turns: v.array(
    v.object({
      /** Connections that were made and answered. */
      answered: v.number(),
      seconds: v.number(),
    }),
  ),
});

/** Of one target. */
export type TrafficOutcome = v.InferOutput<typeof OutcomeSchema>;

const StreamSchema = v.array(
  v.array(
    v.object({
      /** 0: a connection failed. */
      bytes: v.number(),
      seconds: v.number(),
    }),
  ),
);

const PROGRAMS = ['traffic', 'stream', 'datagrams'] as const;
type ProgramName = (typeof PROGRAMS)[number];

export class Traffic implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'menwei-bench-'));

  /** @throws UserError without a C compiler */
  constructor() {
    for (const name of PROGRAMS) this.#compile(name);
  }

  /** Resolves when the server of {@link connect} listens. */
  serve(namespace: NetworkNamespace, port: number): Promise<HostProcess> {
    return this.#start(namespace, 'traffic', ['serve', port]);
  }

  /** Resolves when the server of {@link stream} and {@link hold} listens. */
  serveStreams(namespace: NetworkNamespace, port: number): Promise<HostProcess> {
    return this.#start(namespace, 'stream', ['serve', port]);
  }

  /**
   * The outcome of each target. What else the machine does falls on those turns alike that follow each other.
   *
   * @throws Error if not every request was answered: the figures would mean nothing
   */
  async connect(
    namespace: NetworkNamespace,
    targets: readonly Target[],
    load: Load,
  ): Promise<readonly TrafficOutcome[]> {
    const outcomes = v.parse(
      v.array(OutcomeSchema),
      await this.#run(namespace, 'traffic', 'connect', targets, load),
    );
    if (outcomes.some((each) => each.failed > 0 || each.turns.some(({ answered }) => answered === 0))) {
      throw new Error(`not every request was answered: ${JSON.stringify(outcomes)}`);
    }
    return outcomes;
  }

  /**
   * Bytes a second of each turn, for each target.
   *
   * @throws Error if a connection failed
   */
  async stream(
    namespace: NetworkNamespace,
    targets: readonly Target[],
    load: Load,
  ): Promise<readonly (readonly number[])[]> {
    const paths = v.parse(StreamSchema, await this.#run(namespace, 'stream', 'read', targets, load));
    if (paths.some((turns) => turns.some(({ bytes }) => bytes === 0))) {
      throw new Error(`not every connection got something: ${JSON.stringify(paths)}`);
    }
    return paths.map((turns) => turns.map(({ bytes, seconds }) => bytes / seconds));
  }

  /** Resolves when so many connections are open, over which nothing goes, until the process is stopped. */
  hold(namespace: NetworkNamespace, count: number, { port, addresses }: Target): Promise<HostProcess> {
    return this.#start(namespace, 'stream', ['hold', count, port, ...addresses]);
  }

  /** Resolves when the server of {@link ask} listens. */
  answerDatagrams(namespace: NetworkNamespace, port: number, ip: string): Promise<HostProcess> {
    return this.#start(namespace, 'datagrams', ['serve', port, ip]);
  }

  /** How many of so many datagrams, each from a port of its own, were answered. */
  async ask(namespace: NetworkNamespace, count: number, { port, addresses }: Target): Promise<number> {
    const args = ['ask', count, port, ...addresses].map(String);
    const { status, stdout, stderr } = await exec(namespace, join(this.#folder, 'datagrams'), args);
    if (status !== 0) throw new Error(`datagrams ${args.join(' ')}: ${stderr.trim()} (status ${status})`);
    return Number(stdout);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #compile(name: ProgramName): void {
    const source = join(import.meta.dirname, `${name}.c`);
    const { status, error, stderr } = spawnSync('cc', ['-O2', '-o', join(this.#folder, name), source], {
      encoding: 'utf8',
    });
    if (status === 0) return;
    this[Symbol.dispose]();
    const reason = error === undefined ? stderr.trim() : error.message;
    throw new UserError(`the traffic generator needs a C compiler: cc: ${reason}`);
  }

  /** Resolves with what it prints, which is JSON. */
  async #run(
    namespace: NetworkNamespace,
    name: ProgramName,
    command: string,
    targets: readonly Target[],
    { concurrency, turnSeconds, turns }: Load,
  ): Promise<unknown> {
    const paths = targets.flatMap(({ port, addresses }) => ['/', port, ...addresses]).slice(1);
    const args = [command, concurrency, turnSeconds, turns, ...paths].map(String);
    const { status, stdout, stderr } = await exec(namespace, join(this.#folder, name), args);
    if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr.trim()} (status ${status})`);
    return JSON.parse(stdout);
  }

  /** Resolves once the program says something. */
  async #start(
    namespace: NetworkNamespace,
    name: ProgramName,
    args: readonly (string | number)[],
  ): Promise<HostProcess> {
    const begun = Promise.withResolvers<void>();
    const started = new HostProcess(namespace, join(this.#folder, name), args.map(String), {
      onOutput: () => begun.resolve(),
    });
    await Promise.race([begun.promise, started.exited]);
    if (!started.isRunning) throw new Error(`${name} ${args.join(' ')} ended: ${started.output()}`);
    return started;
  }
}

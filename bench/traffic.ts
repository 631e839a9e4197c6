/** Compiles bench/traffic.c and runs it in network namespaces. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { UserError } from '../src/cli/failure.ts';
import type { NetworkNamespace } from '../src/kernel/netns.ts';
import { exec, HostProcess } from '../src/lab/host-process.ts';

/** Where requests go: to each address in turn. */
export interface Target {
  readonly addresses: readonly string[];
  readonly port: number;
}

export interface Load {
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

export class Traffic implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'menwei-bench-'));
  readonly #program = join(this.#folder, 'traffic');

  /** @throws UserError without a C compiler */
  constructor() {
    const source = join(import.meta.dirname, 'traffic.c');
    const { status, error, stderr } = spawnSync('cc', ['-O2', '-o', this.#program, source], {
      encoding: 'utf8',
    });
    if (status === 0) return;
    this[Symbol.dispose]();
    const reason = error === undefined ? stderr.trim() : error.message;
    throw new UserError(`the traffic generator needs a C compiler: cc: ${reason}`);
  }

  /** Resolves when the server listens. */
  async serve(namespace: NetworkNamespace, port: number): Promise<HostProcess> {
    const listening = Promise.withResolvers<void>();
    const server = new HostProcess(namespace, this.#program, ['serve', String(port)], {
      onOutput: () => listening.resolve(),
    });
    await Promise.race([listening.promise, server.exited]);
    if (!server.isRunning) throw new Error(`the server ended: ${server.output()}`);
    return server;
  }

  /**
   * The outcome of each target. What else the machine does falls on those turns alike that follow each other.
   *
   * @throws Error if not every request was answered: the figures would mean nothing
   */
  async connect(
    namespace: NetworkNamespace,
    targets: readonly Target[],
    { concurrency, turnSeconds, turns }: Load,
  ): Promise<readonly TrafficOutcome[]> {
    const paths = targets.flatMap(({ port, addresses }) => ['/', port, ...addresses]).slice(1);
    const args = ['connect', concurrency, turnSeconds, turns, ...paths].map(String);
    const { status, stdout, stderr } = await exec(namespace, this.#program, args);
    if (status !== 0) throw new Error(`traffic ${args.join(' ')}: ${stderr.trim()} (status ${status})`);
    const outcomes = v.parse(v.array(OutcomeSchema), JSON.parse(stdout));
    if (outcomes.some((each) => each.failed > 0 || each.turns.some(({ answered }) => answered === 0))) {
      throw new Error(`traffic ${args.join(' ')}: not every request was answered: ${stdout.trim()}`);
    }
    return outcomes;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Runs the external tools of a proxy behind its gate: some are killed, some hang, of some the answer is lost. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { ToolResult, ToolRun, ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { dead, type Gate } from './gate.ts';

/** A tool that is to be killed, is killed within this time. */
const KILLED_WITHIN_MS = 12;

export class GatedToolRunner implements ToolRunner {
  readonly #gate: Gate;
  readonly #children = new Set<ChildProcessWithoutNullStreams>();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  async run(run: ToolRun): Promise<ToolResult> {
    run.signal?.throwIfAborted();
    const { fate, isLast } = this.#gate.next();
    if (fate === 'late') await this.#gate.hang();
    const result = await this.#execute(run, fate);
    if (isLast) this.#gate.die();
    if (this.#gate.isDead) throw dead();
    run.signal?.throwIfAborted();
    if (fate === 'after') throw new Error('the answer of the tool is lost (injected fault)');
    return result;
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  async #execute(run: ToolRun, fate: string): Promise<ToolResult> {
    if (fate === 'before')
      return { status: 4, stdout: '', stderr: 'injected fault: Resource temporarily unavailable' };
    const child = spawn(run.file, run.args, { env: { ...process.env, LC_ALL: 'C' } });
    this.#children.add(child);
    const kill = () => child.kill('SIGKILL');
    const timer = fate === 'halfway' ? setTimeout(kill, this.#gate.dice.below(KILLED_WITHIN_MS)) : undefined;
    run.signal?.addEventListener('abort', kill, { once: true });
    child.stdin.on('error', () => undefined);
    const [stdout, stderr]: [Uint8Array[], Uint8Array[]] = [[], []];
    child.stdout.on('data', run.onOutput ?? ((chunk: Buffer) => stdout.push(chunk)));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.end([...(run.input ?? [])].join(''));
    const [status, signal]: (number | NodeJS.Signals | null)[] = await once(child, 'close');
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', kill);
    this.#children.delete(child);
    return {
      status: typeof status === 'number' ? status : 128 + numberOf(signal),
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
    };
  }
}

function numberOf(signal: number | NodeJS.Signals | null | undefined): number {
  return typeof signal === 'string' ? constants.signals[signal] : 0;
}

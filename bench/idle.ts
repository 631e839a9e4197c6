/** What a proxy costs that has nothing to do but to look after the kernel. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ToolResult, ToolRun, ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { readSettings } from 'menwei/setup/settings-input.ts';
import { round } from './figures.ts';
import { progress } from './options.ts';
import type { BenchProxy } from './proxy.ts';

/**
 * Milliseconds a minute in which the main thread or one of its tools is at work, over so many sync periods. On a machine
 * that does nothing else that is processor time, but it is finer: some kernels count that in ticks, and see nothing
 * of short work that a timer begins.
 */
export async function measureIdle(
  proxy: BenchProxy,
  runner: MeasuredRunner,
  periods: number,
): Promise<Record<string, number>> {
  const { syncPeriodMs } = (await readSettings({})).settings;
  progress(`idle for ${((periods + 0.5) * syncPeriodMs) / 1000} s …`);
  const ended = new AbortController();
  const drifted = Promise.withResolvers<never>();
  const watched = proxy.watch(
    (what) => drifted.reject(new Error(`the proxy says: ${what ?? 'something was changed'}`)),
    ended.signal,
  );
  const pause = (ms: number) => Promise.race([sleep(ms), drifted.promise]);
  try {
    // Looks at the kernel come with every sync period from now on; none shall be half in what is measured.
    await pause(syncPeriodMs / 2);
    const [awakeBeforeMs, toolsBeforeMs] = [runner.awakeMs, runner.toolsMs];
    await pause(periods * syncPeriodMs);
    const minutes = (periods * syncPeriodMs) / 60_000;
    const ownMs = (runner.awakeMs - awakeBeforeMs) / minutes;
    const toolsMs = (runner.toolsMs - toolsBeforeMs) / minutes;
    progress(`idle: own ${round(ownMs)} ms a minute, tools ${round(toolsMs)} ms`);
    return {
      idleMsPerMinute: round(ownMs + toolsMs),
      ownIdleMsPerMinute: round(ownMs),
      toolsIdleMsPerMinute: round(toolsMs),
    };
  } finally {
    ended.abort();
    await watched.catch(() => undefined);
  }
}

/** Knows how long tools have run, and how long the event loop was awake while none did. */
export class MeasuredRunner implements ToolRunner {
  readonly #runner: ToolRunner;
  #toolsMs = 0;
  #awakeWithToolsMs = 0;

  constructor(runner: ToolRunner) {
    this.#runner = runner;
  }

  /** Of runs that have ended; the tools of a proxy run one after the other. */
  get toolsMs(): number {
    return this.#toolsMs;
  }

  get awakeMs(): number {
    return loopAwakeMs() - this.#awakeWithToolsMs;
  }

  async run(run: ToolRun): Promise<ToolResult> {
    const [startedMs, awakeMs] = [performance.now(), loopAwakeMs()];
    try {
      return await this.#runner.run(run);
    } finally {
      this.#toolsMs += performance.now() - startedMs;
      this.#awakeWithToolsMs += loopAwakeMs() - awakeMs;
    }
  }

  close(): void {
    this.#runner.close();
  }
}

function loopAwakeMs(): number {
  return performance.now() - performance.eventLoopUtilization().idle;
}

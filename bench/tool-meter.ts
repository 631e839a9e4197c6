/** Tells the time this process works from the time it waits for an external tool. */
import type { ToolRunner } from '../src/kernel/tool-runner.ts';

export interface ToolMeter {
  /** The same runner, metered. */
  readonly runner: ToolRunner;
  /** Time since the last reset in which a tool ran and this process used no processor. */
  readonly waitedMs: number;
  reset(): void;
}

export function meterTools(runner: ToolRunner): ToolMeter {
  let waitedMs = 0;
  return {
    get waitedMs() {
      return waitedMs;
    },
    reset: () => {
      waitedMs = 0;
    },
    runner: {
      close: () => runner.close(),
      run: async (run) => {
        const startedMs = performance.now();
        const cpuBefore = process.cpuUsage();
        try {
          return await runner.run(run);
        } finally {
          // Feeding a tool its input and reading its output is our own work, even while it runs.
          const cpu = process.cpuUsage(cpuBefore);
          waitedMs += Math.max(0, performance.now() - startedMs - (cpu.user + cpu.system) / 1000);
        }
      },
    },
  };
}

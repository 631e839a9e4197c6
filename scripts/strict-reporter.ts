/**
 * A vitest reporter with a stricter verdict: a skipped test fails the run unless its reason is on the list and
 * holds. Ends with one line of totals for scripts to read.
 */
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { ALLOWED_SKIPS } from './allowed-skips.ts';
import { formatTotals } from './totals.ts';

/** Why this skip is all right, or undefined if it is not. */
function excuseOf(test: TestCase): string | undefined {
  const excuse = ALLOWED_SKIPS.find(({ name }) => name.test(test.fullName));
  return excuse?.holds() === true ? excuse.reason : undefined;
}

export default class StrictReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const brokenFiles = modules.filter((module) => module.errors().length > 0);

    const lines: string[] = [];
    let unexcused = 0;
    for (const test of skipped) {
      const reason = excuseOf(test);
      if (reason === undefined) unexcused += 1;
      lines.push(
        `${reason === undefined ? 'SKIPPED WITHOUT REASON' : `skipped (${reason})`}: ${test.fullName}`,
      );
    }
    const failed = count('failed') + brokenFiles.length + unhandledErrors.length;
    if (failed + unexcused > 0 || tests.length === 0) process.exitCode = 1;
    lines.push(formatTotals({ passed: count('passed'), failed, skipped: skipped.length }));
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

/** What a test run ends with: one line for scripts to read. */

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function formatTotals({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Undefined if the line is another one. */
export function parseTotals(line: string): Totals | undefined {
  const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(line) ?? [];
  return passed === undefined
    ? undefined
    : { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

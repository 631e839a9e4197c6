/** Durations as Go writes them: `30s`, `1m30s`, `15m0s`, `0`. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)`;
const PART = new RegExp(`(${NUMBER})(ns|us|µs|μs|ms|s|m|h)`, 'g');
const DURATION = new RegExp(`^[+-]?(?:0|(?:${NUMBER}(?:ns|us|µs|μs|ms|s|m|h))+)$`);

/** Milliseconds, or undefined if `text` is not a duration. A unit is required except after 0. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let durationMs = 0;
  for (const [, number, unit] of text.matchAll(PART))
    durationMs += Number(number) * (UNIT_MS[unit ?? ''] ?? 0);
  return text.startsWith('-') ? -durationMs : durationMs;
}

/** The shortest spelling in seconds or milliseconds: `30s`, `1.5s`, `5ms`, `0s`. */
export function formatDuration(durationMs: number): string {
  const isSmall = durationMs !== 0 && Math.abs(durationMs) < 1000;
  return isSmall ? `${durationMs}ms` : `${durationMs / 1000}s`;
}

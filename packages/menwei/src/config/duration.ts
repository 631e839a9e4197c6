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
const NS_PER_MS = 1_000_000;
const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)`;
const PART = new RegExp(`(${NUMBER})(ns|us|µs|μs|ms|s|m|h)`, 'g');
const DURATION = new RegExp(`^[+-]?(?:0|(?:${NUMBER}(?:ns|us|µs|μs|ms|s|m|h))+)$`);

/** Milliseconds, exact to a nanosecond, or undefined if `text` is not a duration. A unit is required except after 0. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let durationMs = 0;
  for (const [, number, unit] of text.matchAll(PART))
    durationMs += Number(number) * (UNIT_MS[unit ?? ''] ?? 0);
  const rounded = Math.round(durationMs * NS_PER_MS) / NS_PER_MS;
  return text.startsWith('-') && rounded > 0 ? -rounded : rounded;
}

/** Go's own spelling: `24h0m0s`, `1m30s`, `1.5s`, `5ms`, `0s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0) return `-${formatDuration(-durationMs)}`;
  if (durationMs < 1000) return formatPart(durationMs);
  const seconds = durationMs / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = trimmed(Math.round((durationMs % 60_000) * NS_PER_MS) / (1000 * NS_PER_MS), 9);
  return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${rest}s`;
}

/** Less than a second, in the largest unit of which it is at least one. */
function formatPart(durationMs: number): string {
  if (durationMs === 0) return '0s';
  if (durationMs >= 1) return `${trimmed(durationMs, 6)}ms`;
  if (durationMs >= 1e-3) return `${trimmed(durationMs * 1e3, 3)}µs`;
  return `${Math.round(durationMs * NS_PER_MS)}ns`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

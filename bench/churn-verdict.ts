/** Whether a proxy came well through a churn: its memory, and its log. */
import { quantile, round } from './figures.ts';

/** Memory of V8 goes up and down for a minute or two with each large collection, so medians of longer times are compared. */
const LEAST_WINDOW_SECONDS = 90;
const WARM_UP_SECONDS = 60;
/** Growth of the median that is more than noise: both of them. */
const GROWTH_MB = 10;
const GROWTH_SHARE = 0.1;

export interface Sample {
  /** Since the churn began. */
  readonly seconds: number;
  readonly rssMb: number;
}

interface Verdict {
  readonly text: string;
  readonly isGood: boolean;
}

/** The median of the last quarter of the time against that of the quarter that begins after the first minute. */
export function judgeMemory(samples: readonly Sample[]): Verdict {
  const end = samples.at(-1)?.seconds ?? 0;
  const window = Math.max(LEAST_WINDOW_SECONDS, (end - WARM_UP_SECONDS) / 4);
  if (end < WARM_UP_SECONDS + 2 * window) {
    return { text: 'memory: too short a run to judge', isGood: true };
  }
  const median = (from: number, to: number) =>
    quantile(
      samples.filter(({ seconds }) => seconds >= from && seconds <= to).map(({ rssMb }) => rssMb),
      0.5,
    );
  const early = median(WARM_UP_SECONDS, WARM_UP_SECONDS + window);
  const late = median(end - window, end);
  const isGood = late - early <= GROWTH_MB || late <= early * (1 + GROWTH_SHARE);
  const peak = Math.max(...samples.map(({ rssMb }) => rssMb));
  const text =
    `memory: ${round(early, 1)} MB after the first minute, ${round(late, 1)} MB at the end (medians of ${round(window)} s), ` +
    `${round(peak, 1)} MB at most`;
  return { text, isGood };
}

export interface LogLine {
  readonly atMs: number;
  readonly level: string;
  readonly message: string;
}

/** `2026-01-02T03:04:05.678Z W drift: …` */
export function parseLogLine(line: string): LogLine | undefined {
  const [, time, level, message] = /^(\S+Z) ([IWE]) (.*)$/.exec(line) ?? [];
  if (time === undefined || level === undefined || message === undefined) return undefined;
  return { atMs: Date.parse(time), level, message };
}

/**
 * Warnings and errors that no damage explains: those that come later than `graceMs` after one. What is noticed by looking now
 * and then has as long as `driftGraceMs`.
 */
export function unprovoked(
  lines: readonly LogLine[],
  damagesMs: readonly number[],
  { graceMs, driftGraceMs }: { readonly graceMs: number; readonly driftGraceMs: number },
): readonly LogLine[] {
  return lines.filter(({ atMs, level, message }) => {
    if (level === 'I') return false;
    const grace = message.startsWith('drift: ') ? driftGraceMs : graceMs;
    return !damagesMs.some((damageMs) => atMs >= damageMs - 1 && atMs <= damageMs + grace);
  });
}

/** How often there were warnings and errors of each kind. */
export function countKinds(lines: readonly LogLine[]): readonly string[] {
  const bad = lines.filter(({ level }) => level !== 'I');
  const kinds = Map.groupBy(bad, ({ level, message }) => `${level} ${/^[^:;=]*/.exec(message)?.[0] ?? ''}`);
  return [...kinds].map(([kind, { length }]) => `${length} × ${kind.trim()}`).sort();
}

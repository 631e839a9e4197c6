/** Whether a proxy came well through a churn: its memory, and its log. */
import { median, round } from './figures.ts';

export const WARM_UP_SECONDS = 60;
/** Between the first and the last time that is judged by. */
const LEAST_SECONDS = 100;
/** Growth that is more than noise: both of each. */
const OBJECTS_GROWTH = { mb: 2, share: 0.05 };
const OUTSIDE_GROWTH = { mb: 10, share: 0.1 };
/** V8 lets its heap grow to so many times of what is alive before it collects garbage. */
const MOST_GARBAGE = 4;
/** Characters of a message. */
const MOST_SHOWN = 400;

/** What memory is left when all garbage is gone. */
export interface Collected {
  /** Since the churn began. */
  readonly seconds: number;
  /** Objects of V8, and what they hold outside of its heap. */
  readonly objectsMb: number;
  /** All that is resident but V8's heap, with or without objects in it: what native code holds. */
  readonly outsideMb: number;
}

interface Verdict {
  readonly text: string;
  readonly isGood: boolean;
}

/**
 * What is left in the end against what was left after the first minute. Garbage is none of it: V8 lets that pile up for some
 * minutes, and keeps the pages for a while. How far it has come with that when a run ends is chance, so what is resident in
 * all must only keep within what V8 allows itself.
 *
 * @param peakMb the most that was resident, garbage and all
 */
export function judgeMemory(collected: readonly Collected[], peakMb: number): Verdict {
  const end = collected.at(-1)?.seconds ?? 0;
  if (end < WARM_UP_SECONDS + LEAST_SECONDS) {
    return { text: 'memory: too short a run to judge', isGood: true };
  }
  const middle = (WARM_UP_SECONDS + end) / 2;
  const early = medians(collected.filter(({ seconds }) => seconds < middle));
  const late = medians(collected.filter(({ seconds }) => seconds >= middle));
  const objects = compare(early.objectsMb, late.objectsMb, OBJECTS_GROWTH);
  const outside = compare(early.outsideMb, late.outsideMb, OUTSIDE_GROWTH);
  const mostMb = late.outsideMb + MOST_GARBAGE * late.objectsMb;
  const text =
    `memory without garbage: objects ${objects.text}, outside of the heap ${outside.text} ` +
    `(after the first minute → at the end); ${round(peakMb, 1)} MB resident at most, of ${round(mostMb, 1)} allowed`;
  return { text, isGood: objects.isGood && outside.isGood && peakMb <= mostMb };
}

function medians(collected: readonly Collected[]): Omit<Collected, 'seconds'> {
  return {
    objectsMb: median(collected.map(({ objectsMb }) => objectsMb)),
    outsideMb: median(collected.map(({ outsideMb }) => outsideMb)),
  };
}

function compare(
  before: number,
  after: number,
  growth: { readonly mb: number; readonly share: number },
): Verdict {
  const isGood = after - before <= growth.mb || after <= before * (1 + growth.share);
  return { text: `${round(before, 1)} → ${round(after, 1)} MB`, isGood };
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

/** How often there were warnings and errors of each kind, and what the first one said. */
export function countKinds(lines: readonly LogLine[]): readonly string[] {
  const bad = lines.filter(({ level }) => level !== 'I');
  const kinds = Map.groupBy(bad, ({ level, message }) => `${level} ${/^[^:;=]*/.exec(message)?.[0] ?? ''}`);
  return [...kinds.values()]
    .map((all) => `${all.length} × ${all[0]?.level} ${all[0]?.message.slice(0, MOST_SHOWN)}`)
    .sort();
}

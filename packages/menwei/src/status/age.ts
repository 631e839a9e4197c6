/** How long ago something was, in the short form of kubectl: `45s`, `3m20s`, `5h10m`, `3d`. */

const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Step {
  /** In seconds: the first step with a longer end counts. */
  readonly end: number;
  readonly unit: readonly [size: number, letter: string];
  /** Told as well, unless it is 0. */
  readonly rest?: readonly [size: number, letter: string];
}

/** The limits of k8s.io/apimachinery/pkg/util/duration. */
const STEPS: readonly Step[] = [
  { end: 2 * MINUTE, unit: [SECOND, 's'] },
  { end: 10 * MINUTE, unit: [MINUTE, 'm'], rest: [SECOND, 's'] },
  { end: 3 * HOUR, unit: [MINUTE, 'm'] },
  { end: 8 * HOUR, unit: [HOUR, 'h'], rest: [MINUTE, 'm'] },
  { end: 2 * DAY, unit: [HOUR, 'h'] },
  { end: 8 * DAY, unit: [DAY, 'd'], rest: [HOUR, 'h'] },
  { end: 2 * YEAR, unit: [DAY, 'd'] },
  { end: 8 * YEAR, unit: [YEAR, 'y'], rest: [DAY, 'd'] },
];
const LAST: Step = { end: Number.POSITIVE_INFINITY, unit: [YEAR, 'y'] };

/** @param durationMs a negative one, from a clock that was set, counts as 0. */
export function formatAge(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const { unit, rest } = STEPS.find(({ end }) => seconds < end) ?? LAST;
  const whole = `${Math.floor(seconds / unit[0])}${unit[1]}`;
  const left = rest === undefined ? 0 : Math.floor((seconds % unit[0]) / rest[0]);
  return rest === undefined || left === 0 ? whole : `${whole}${left}${rest[1]}`;
}

/** Times as Go's JSON prints them. */

/** Go's time.Time when nothing was assigned to it. */
export const GO_ZERO_TIME = '0001-01-01T00:00:00Z';

/** RFC 3339 in the zone of the process, without trailing zeros of the fraction: `2026-01-02T03:04:06.12+01:00`. */
export function formatGoTime(timeMs: number): string {
  const offsetMinutes = -new Date(timeMs).getTimezoneOffset();
  const wallClock = new Date(timeMs + offsetMinutes * 60_000).toISOString().slice(0, -1);
  return wallClock.replace(/\.?0+$/, '') + formatOffset(offsetMinutes);
}

function formatOffset(minutes: number): string {
  if (minutes === 0) return 'Z';
  const distance = Math.abs(minutes);
  const digits = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${digits(Math.floor(distance / 60))}:${digits(distance % 60)}`;
}

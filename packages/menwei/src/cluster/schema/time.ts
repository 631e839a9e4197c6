/** Times as the API has them: RFC 3339, in UTC, with seconds (meta/v1 Time) or microseconds (MicroTime). */

/** What Go's layout asks for, one after the other, and what it calls each. */
const ELEMENTS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01'],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{2}/, '15'],
  [/^:/, ':'],
  [/^\d{2}/, '04'],
  [/^:/, ':'],
  [/^\d{2}(?:[.,]\d+)?/, '05'],
  [/^(?:Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
];
const WITH_SECONDS = '2006-01-02T15:04:05Z07:00';
const WITH_MICROS = '2006-01-02T15:04:05.000000Z07:00';
const LONGEST = 64;

export type TimePrecision = 'seconds' | 'micros';

/** Either the time in its one form, or why it is none, in Go's words. */
export function canonicalTime(text: string, precision: TimePrecision): { time: string } | { why: string } {
  const shown = JSON.stringify(text.slice(0, LONGEST));
  const layout = precision === 'seconds' ? WITH_SECONDS : WITH_MICROS;
  const parts: string[] = [];
  let rest = text.slice(0, LONGEST);
  for (const [pattern, name] of ELEMENTS) {
    const [found] = pattern.exec(rest) ?? [];
    if (found === undefined || (name === '05' && precision === 'micros' && !/[.,]\d{6}/.test(found))) {
      const wanted = found === undefined ? name : '.000000';
      const at = found === undefined ? rest : rest.slice(2);
      return {
        why: `parsing time ${shown} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(at)} as ${JSON.stringify(wanted)}`,
      };
    }
    parts.push(found);
    rest = rest.slice(found.length);
  }
  if (rest !== '') return { why: `parsing time ${shown}: extra text: ${JSON.stringify(rest)}` };
  const found = readTime(parts);
  if ('why' in found) return { why: `parsing time ${shown}: ${found.why} out of range` };
  return { time: formatElements(found.seconds, found.micros, precision) };
}

/** meta/v1 Time: `2026-11-30T05:41:54Z`. What is less than a second is cut. */
export function formatTime(ms: number): string {
  return formatElements(Math.floor(ms / 1000), 0, 'seconds');
}

/** meta/v1 MicroTime: `2026-11-30T05:41:54.123000Z`. */
export function formatMicroTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return formatElements(seconds, Math.floor((ms - seconds * 1000) * 1000), 'micros');
}

/** @param seconds since 1970 */
export function formatElements(seconds: number, micros: number, precision: TimePrecision): string {
  const whole = new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, '');
  return precision === 'seconds' ? `${whole}Z` : `${whole}.${String(micros).padStart(6, '0')}Z`;
}

/** Years that RFC 3339 can write. */
export function isTimeInRange(seconds: number): boolean {
  return seconds >= FIRST_SECOND && seconds <= LAST_SECOND;
}

const FIRST_SECOND = Date.parse('0000-01-01T00:00:00Z') / 1000;
const LAST_SECOND = Date.parse('9999-12-31T23:59:59Z') / 1000;

function readTime(parts: readonly string[]): { seconds: number; micros: number } | { why: string } {
  const [year = '', , month = '', , day = '', , hour = '', , minute = '', , second = '', zone = ''] = parts;
  if (!isWithin(month, 1, 12)) return { why: 'month' };
  if (!isWithin(day, 1, daysIn(Number(year), Number(month)))) return { why: 'day' };
  if (!isWithin(hour, 0, 23)) return { why: 'hour' };
  if (!isWithin(minute, 0, 59)) return { why: 'minute' };
  if (!isWithin(second.slice(0, 2), 0, 59)) return { why: 'second' };
  const offset = readZone(zone);
  if (offset === undefined) return { why: 'time zone offset hour' };
  const local = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second.slice(0, 2)}Z`) / 1000;
  const seconds = local - offset;
  if (!isTimeInRange(seconds)) return { why: 'year' };
  return { seconds, micros: Number(second.slice(3, 9).padEnd(6, '0')) };
}

/** In seconds. */
function readZone(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 24 || minutes > 60) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}

function isWithin(digits: string, least: number, most: number): boolean {
  return Number(digits) >= least && Number(digits) <= most;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

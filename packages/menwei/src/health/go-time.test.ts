import { afterEach, describe, expect, it } from 'vitest';
import { formatGoTime } from './go-time.ts';

const zone = process.env.TZ;

describe('formatGoTime', () => {
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it.each([
    ['UTC', 123, '2026-01-02T03:04:06.123Z'],
    ['UTC', 120, '2026-01-02T03:04:06.12Z'],
    ['UTC', 100, '2026-01-02T03:04:06.1Z'],
    ['UTC', 3, '2026-01-02T03:04:06.003Z'],
    ['UTC', 0, '2026-01-02T03:04:06Z'],
    ['Asia/Kolkata', 500, '2026-01-02T08:34:06.5+05:30'],
    ['America/New_York', 0, '2026-01-01T22:04:06-05:00'],
  ])('%s %d', (timeZone, ms, text) => {
    process.env.TZ = timeZone;
    expect(formatGoTime(Date.UTC(2026, 0, 2, 3, 4, 6, ms))).toBe(text);
  });

  it('keeps the zeros of full seconds', () => {
    process.env.TZ = 'UTC';
    expect(formatGoTime(Date.UTC(2026, 0, 2, 3, 10, 0))).toBe('2026-01-02T03:10:00Z');
  });
});

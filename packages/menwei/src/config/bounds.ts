/** Numbers and durations that are refused for being out of bounds, each in the same words wherever it stands. */
import type { Refuse } from './document.ts';
import { formatDuration } from './duration.ts';

interface Bounds {
  within(field: string, value: number, least: number, most: number): void;
  notNegative(field: string, value: number): void;
  durationNotNegative(field: string, valueMs: number): void;
  durationAboveZero(field: string, valueMs: number): void;
}

/** What checks values and refuses those that are out of bounds. */
export function bounds(refuse: Refuse): Bounds {
  const refuseDuration = (field: string, valueMs: number, allowed: string) =>
    refuse({ field, value: formatDuration(valueMs), allowed });
  return {
    within: (field, value, least, most) => {
      if (value >= least && value <= most) return;
      refuse({ field, value, allowed: `must be within ${least} and ${most}` });
    },
    notNegative: (field, value) => {
      if (!(value >= 0)) refuse({ field, value, allowed: 'must not be negative' });
    },
    durationNotNegative: (field, valueMs) => {
      if (!(valueMs >= 0)) refuseDuration(field, valueMs, 'must not be negative');
    },
    durationAboveZero: (field, valueMs) => {
      if (!(valueMs > 0)) refuseDuration(field, valueMs, 'must be greater than 0');
    },
  };
}

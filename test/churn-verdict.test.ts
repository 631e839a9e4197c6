import { describe, expect, it } from 'vitest';
import { type Collected, judgeMemory } from '../bench/churn-verdict.ts';

/** Garbage is collected three times after the first minute and at the end. */
function collected(early: Omit<Collected, 'seconds'>, late: Omit<Collected, 'seconds'>): Collected[] {
  return [
    ...[60, 65, 70].map((seconds) => ({ ...early, seconds })),
    ...[585, 590, 595].map((seconds) => ({ ...late, seconds })),
  ];
}

describe('memory in a churn', () => {
  const early = { objectsMb: 40, outsideMb: 110 };

  it('is good if as much is left in the end, however much garbage there was', () => {
    const verdict = judgeMemory(collected(early, { objectsMb: 41, outsideMb: 116 }), 240);
    expect(verdict.isGood).toBe(true);
    expect(verdict.text).toContain('objects 40 → 41 MB, outside of the heap 110 → 116 MB');
    expect(verdict.text).toContain('240 MB resident at most');
  });

  it.each([
    { objectsMb: 43, outsideMb: 110 },
    { objectsMb: 40, outsideMb: 130 },
  ])('is bad if more objects are left, or more that is none: %o', (late) => {
    expect(judgeMemory(collected(early, late), 240).isGood).toBe(false);
  });

  it('is bad if more was resident than what is alive explains', () => {
    expect(judgeMemory(collected(early, early), 280).isGood).toBe(false);
  });

  it('is not bad for one reading out of line', () => {
    const readings = collected(early, early);
    const odd = readings.map((each, index) => (index === 4 ? { ...each, outsideMb: 250 } : each));
    expect(judgeMemory(odd, 240).isGood).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextVerdict, type Rules, UNKNOWN } from './verdict.ts';

/** What an endpoint is by all results so far: slow, and without a memory of its own. */
function reference(results: readonly boolean[], fall: number, rise: number): string {
  let isUsed = true;
  let last = 0;
  for (let end = 1; end <= results.length; end++) {
    const run = results.slice(last, end);
    const wanted = !isUsed;
    const count = isUsed ? fall : rise;
    if (run.length >= count && run.slice(-count).every((isOk) => isOk === wanted)) {
      isUsed = !isUsed;
      last = end;
    }
  }
  if (results.length === 0) return 'unknown';
  const endsWell = results.at(-1) === true;
  if (isUsed) return endsWell ? 'up' : 'failing';
  return endsWell ? 'recovering' : 'down';
}

const count = fc.integer({ min: 1, max: 10 });

describe('a verdict', () => {
  it('is that of the slow reference after any results', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), count, count, (results, fall, rise) => {
        const rules: Rules = { fall, rise, isUnproven: false, mayFall: true };
        const verdict = results.reduce((before, isOk) => nextVerdict(before, isOk, rules), UNKNOWN);
        expect(verdict.state).toBe(reference(results, fall, rise));
      }),
    );
  });

  it('does not change the use of an endpoint of which nothing is proven, nor of one that may not fall', () => {
    const rules = fc.constantFrom({ isUnproven: true, mayFall: true }, { isUnproven: false, mayFall: false });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), rules, (failures, { isUnproven, mayFall }) => {
        let verdict = UNKNOWN;
        for (let failure = 0; failure < failures; failure++)
          verdict = nextVerdict(verdict, false, { fall: 3, rise: 2, isUnproven, mayFall });
        expect(['unknown', 'failing']).toContain(verdict.state);
        expect(verdict.streak).toBe(failures);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { availabilityOf } from './availability.ts';
import type { Outcome } from './outcome.ts';

const ANSWER: Outcome = { pod: 'a', node: 'n', client: '192.0.2.1', clientPort: 1, status: 200 };
const FAILURE: Outcome = { error: 'timeout', detail: '' };

describe('availabilityOf', () => {
  it('finds the longest time between two answers', () => {
    const attempts = [
      { fromMs: 0, atMs: 0, outcome: ANSWER },
      { fromMs: 5, atMs: 5, outcome: ANSWER },
      { fromMs: 10, atMs: 300, outcome: FAILURE },
      { fromMs: 700, atMs: 705, outcome: ANSWER },
      { fromMs: 705, atMs: 710, outcome: ANSWER },
      { fromMs: 708, atMs: 2_000, outcome: FAILURE },
    ];
    expect(availabilityOf(attempts)).toEqual({ answered: 4, failed: 2, longestSilenceMs: 700 });
  });

  it('sees that nobody answers any more, or at all', () => {
    const attempts = [0, 100, 900].map((atMs) => ({
      ...{ fromMs: atMs, atMs },
      outcome: atMs === 0 ? ANSWER : FAILURE,
    }));
    expect(availabilityOf(attempts)).toEqual({ answered: 1, failed: 2, longestSilenceMs: 900 });
    const none = { answered: 0, failed: 2, longestSilenceMs: 800 };
    expect(availabilityOf(attempts.slice(1))).toEqual(none);
    expect(availabilityOf([])).toEqual({ answered: 0, failed: 0, longestSilenceMs: 0 });
  });
});

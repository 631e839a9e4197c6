import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckResult, HealthState } from '../../state/endpoint-health.ts';
import { CheckMachine } from './check-machine.ts';
import type { TargetOrder, VerdictChange } from './target.ts';
import { TICK_MS } from './timer-wheel.ts';

const RESULTS: readonly CheckResult[] = ['ok', 'ok', 'ok', 'refused', 'reset', 'wrong-answer', 'local-error'];

/** Each state that an endpoint gets by these answers, as health § 3 says it: slow, and without any time. */
function reference(answers: readonly CheckResult[], fall: number, rise: number): readonly HealthState[] {
  const counted = answers.filter((result) => result !== 'local-error').map((result) => result === 'ok');
  const states: HealthState[] = [];
  let isUsed = true;
  let since = 0;
  for (let end = 1; end <= counted.length; end++) {
    const run = counted.slice(since, end);
    const needed = isUsed ? fall : rise;
    const isTurn = run.length >= needed && run.slice(-needed).every((isOk) => isOk !== isUsed);
    if (isTurn) {
      isUsed = !isUsed;
      since = end;
    }
    const isOk = counted[end - 1] === true;
    const state = isUsed ? (isOk ? 'up' : 'failing') : isOk ? 'recovering' : 'down';
    if (state !== states.at(-1)) states.push(state);
  }
  return states;
}

describe('an endpoint that the machine checks', () => {
  it('has the states of the slow reference, whatever it answers', () => {
    const answers = fc.array(fc.constantFrom(...RESULTS), { minLength: 1, maxLength: 40 });
    const count = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(answers, count, count, (given, fall, rise) => {
        // The first one proves the check, so that a failure counts.
        const all: readonly CheckResult[] = ['ok', ...given];
        expect(play(all, fall, rise)).toEqual(reference(all, fall, rise));
      }),
      { numRuns: 60 },
    );
  });
});

function play(answers: readonly CheckResult[], fall: number, rise: number): readonly HealthState[] {
  const machine = new CheckMachine({ ratePerSecond: 1_000, random: () => 0.5, nowMs: 0 });
  const timing = { intervalMs: 250, timeoutMs: 250, fastMs: 100, fall, rise };
  const order: TargetOrder = {
    ...{ id: 1, group: 'web', ip: '10.0.0.1', port: 80, isRemote: false, probe: { kind: 'tcp' } },
    ...{ timing, start: 'unknown' },
  };
  machine.add(order, 0);
  const rest = [...answers];
  const changes: VerdictChange[] = [];
  for (let nowMs = 0; rest.length > 0; nowMs += TICK_MS) {
    for (const check of machine.advance(nowMs).start) {
      const result = rest.shift();
      if (result !== undefined) machine.answered(check, result, '', nowMs);
    }
    changes.push(...machine.takeNews().changes);
  }
  return changes.map(({ state }) => state);
}

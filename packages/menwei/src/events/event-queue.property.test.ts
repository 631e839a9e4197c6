import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeSubject } from './event.ts';
import { EventQueue } from './event-queue.ts';

const MINUTE_MS = 60_000;

/** What happens, how long after the one before, and what the API server makes of it. */
const step = fc.record({
  kind: fc.integer({ min: 0, max: 5 }),
  afterMs: fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 15 * MINUTE_MS })),
  outcome: fc.constantFrom('told', 'told', 'told', 'elsewhere', 'gone', 'away'),
});

it('whatever happens, a kind of event is told every five minutes at most, and nothing that happened is forgotten', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new EventQueue<string>();
      const toldMs = new Map<string, number>();
      const happened = new Set<string>();
      let nowMs = 0;
      for (const { kind, afterMs, outcome } of steps) {
        nowMs += afterMs;
        const reason = `R${kind}`;
        happened.add(reason);
        queue.record({ subject: nodeSubject('n'), type: 'Normal', reason, action: 'A', note: '' }, nowMs);
        for (let tries = 0; tries < 20; tries++) {
          const series = queue.due(nowMs);
          if (series === undefined || outcome === 'away') break;
          const { reason: due } = series.event;
          if (outcome === 'gone' && series.told !== undefined) {
            queue.untold(series);
            toldMs.delete(due);
            continue;
          }
          expect(nowMs - (toldMs.get(due) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(5 * MINUTE_MS);
          toldMs.set(due, nowMs);
          queue.told(series, outcome === 'elsewhere' ? undefined : 'name', nowMs);
        }
      }
      // When the server is there for long enough, all has been told that ever happened.
      for (; queue.nextDueMs() < Number.POSITIVE_INFINITY; nowMs += MINUTE_MS) {
        const series = queue.due(nowMs);
        if (series === undefined) continue;
        toldMs.set(series.event.reason, nowMs);
        queue.told(series, 'name', nowMs);
      }
      for (const reason of happened) expect(toldMs.has(reason)).toBe(true);
      expect(queue.takeDropped()).toBe(0);
    }),
  );
});

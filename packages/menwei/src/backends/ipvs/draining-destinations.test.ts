import type { Destination, Frontend, ObservedDestination } from '@menwei/netlink/ipvs';
import { describe, expect, it } from 'vitest';
import { DrainingDestinations } from './draining-destinations.ts';
import { formatDestination } from './state.ts';

const WEB: Frontend = { family: 'IPv4', protocol: 'TCP', ip: '172.30.0.1', port: 80 };
const A: Destination = { ip: '10.0.0.1', port: 8080, weight: 100, forwarding: 'masquerade' };
const B: Destination = { ...A, ip: '10.0.0.2' };
const MINUTE = 60_000;

function held(destination: Destination, weight: number, active = 0, inactive = 0): ObservedDestination {
  return {
    ...destination,
    weight,
    activeConnections: active,
    inactiveConnections: inactive,
    persistentConnections: 0,
  };
}

/** As who removes them: what was removed. */
function takeDrained(draining: DrainingDestinations, present: readonly ObservedDestination[], nowMs: number) {
  const done = draining.findDrained(WEB, present, nowMs);
  for (const destination of done) draining.forget(WEB, destination);
  return done.map((destination) => `remove ${formatDestination(destination)}`);
}

describe('a destination that drains', () => {
  it.each<[string, readonly ObservedDestination[], number, readonly string[], boolean]>([
    ['without connections', [held(A, 0)], 0, ['remove 10.0.0.1:8080'], true],
    ['with a connection', [held(A, 0, 1)], 59_999, [], false],
    ['with a connection that is half over', [held(A, 0, 0, 1)], 59_999, [], false],
    ['with a connection, when the time is over', [held(A, 0, 1)], MINUTE, ['remove 10.0.0.1:8080'], true],
    ['that somebody gave a weight', [held(A, 5, 1)], MINUTE, [], true],
    ['that is gone', [held(B, 1)], 0, [], true],
  ])('%s', (_what, present, nowMs, expected, isDone) => {
    const draining = new DrainingDestinations(MINUTE);
    draining.drain(WEB, A, 0);
    expect(draining.drainingFrontends(0)).toEqual([WEB]);
    expect(takeDrained(draining, present, nowMs)).toEqual(expected);
    expect(draining.isEmpty).toBe(isDone);
  });

  it('keeps its deadline when it is drained again', () => {
    const draining = new DrainingDestinations(MINUTE);
    draining.drain(WEB, A, 0);
    draining.drain(WEB, A, 30_000);
    expect(takeDrained(draining, [held(A, 0, 1)], MINUTE)).toEqual(['remove 10.0.0.1:8080']);
  });

  it('is looked at less and less often the longer it takes, but in time for its deadline', () => {
    const draining = new DrainingDestinations(10 * MINUTE);
    draining.drain(WEB, A, 0);
    const looks: number[] = [];
    for (let nowMs = 0; nowMs < 10 * MINUTE; nowMs += 500) {
      if (draining.drainingFrontends(nowMs).length === 0) continue;
      looks.push(nowMs);
      expect(draining.findDrained(WEB, [held(A, 0, 1)], nowMs)).toEqual([]);
    }
    expect(looks.slice(0, 8)).toEqual([0, 500, 1_000, 1_500, 2_000, 2_500, 3_500, 4_500]);
    // It was 1200 times.
    expect(looks.length).toBeLessThan(70);
    expect(draining.drainingFrontends(10 * MINUTE)).toEqual([WEB]);
    expect(takeDrained(draining, [held(A, 0, 1)], 10 * MINUTE)).toEqual(['remove 10.0.0.1:8080']);
  });

  it('is on the list until it was removed', () => {
    const draining = new DrainingDestinations(MINUTE);
    draining.drain(WEB, A, 0);
    expect(draining.findDrained(WEB, [held(A, 0)], 0)).toHaveLength(1);
    expect(draining.drainingFrontends(500)).toEqual([WEB]);
    expect(takeDrained(draining, [held(A, 0)], 500)).toHaveLength(1);
    expect(draining.isEmpty).toBe(true);
  });

  it('is forgotten when it is taken back', () => {
    const draining = new DrainingDestinations(MINUTE);
    draining.drain(WEB, A, 0);
    draining.drain(WEB, B, 0);
    draining.forget(WEB, A);
    expect([draining.isDraining(WEB, A), draining.isDraining(WEB, B)]).toEqual([false, true]);
    draining.forget(WEB);
    expect(draining.isEmpty).toBe(true);
  });
});

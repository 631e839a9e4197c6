import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { InFlight, limitTime, MOST_WRITES } from './in-flight.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function slowReply(hasBegun: boolean) {
  const refuse = vi.fn();
  const destroy = vi.fn();
  return { hasBegun, refuse, response: { destroy, shouldKeepAlive: true } };
}

it('a request that takes a minute is refused, or cut if its answer has begun', () => {
  const waiting = slowReply(false);
  const sending = slowReply(true);
  using _first = limitTime(waiting);
  using _second = limitTime(sending);
  vi.advanceTimersByTime(59_999);
  expect(waiting.refuse).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(waiting.refuse.mock.lastCall?.[0]).toMatchObject({ code: 504 });
  expect(waiting.response.destroy).not.toHaveBeenCalled();
  expect(waiting.response.shouldKeepAlive).toBe(false);
  expect(sending.refuse).not.toHaveBeenCalled();
  expect(sending.response.destroy).toHaveBeenCalled();
});

it('a request that is answered is left alone', () => {
  const reply = slowReply(false);
  {
    using _limit = limitTime(reply);
  }
  vi.advanceTimersByTime(120_000);
  expect(reply.refuse).not.toHaveBeenCalled();
});

it('places are given back', () => {
  const inFlight = new InFlight();
  const places = Array.from({ length: MOST_WRITES }, () => inFlight.enter(false));
  expect(() => inFlight.enter(false)).toThrow('Too many requests: 200 writing requests are in flight');
  inFlight.enter(true);
  places[0]?.[Symbol.dispose]();
  expect([inFlight.reads, inFlight.writes]).toEqual([1, MOST_WRITES - 1]);
  expect(() => inFlight.enter(false)).not.toThrow();
});

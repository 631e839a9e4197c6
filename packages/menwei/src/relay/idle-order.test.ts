import { beforeEach, expect, it } from 'vitest';
import { IdleOrder } from './idle-order.ts';

let order: IdleOrder<string>;

beforeEach(() => {
  order = new IdleOrder({ unanswered: 30, answered: 10, stream: 100 });
});

function expireAll(nowMs: number): readonly string[] {
  const all: string[] = [];
  for (let flow = order.expired(nowMs); flow !== undefined; flow = order.expired(nowMs)) {
    all.push(flow);
    order.remove(flow);
  }
  return all;
}

it('lets each flow expire by its stage', () => {
  order.use('a', 'stream', 0);
  order.use('b', 'unanswered', 1);
  order.use('c', 'answered', 2);
  expect(order.nextExpiryMs()).toBe(12);
  expect(expireAll(11)).toEqual([]);
  expect(expireAll(31)).toEqual(['c', 'b']);
  expect(order.nextExpiryMs()).toBe(100);
  expect(expireAll(100)).toEqual(['a']);
  expect(order.nextExpiryMs()).toBeUndefined();
});

it('starts the time anew with each use', () => {
  order.use('a', 'answered', 0);
  order.use('b', 'answered', 1);
  order.use('a', 'answered', 9);
  expect(expireAll(11)).toEqual(['b']);
  expect(order.nextExpiryMs()).toBe(19);
});

it('takes a flow from one stage to another', () => {
  order.use('a', 'unanswered', 0);
  order.use('a', 'stream', 1);
  expect(expireAll(100)).toEqual([]);
  expect(expireAll(101)).toEqual(['a']);
});

it('knows which has been idle for longest, whatever its stage', () => {
  expect(order.longestIdle()).toBeUndefined();
  order.use('a', 'stream', 0);
  order.use('b', 'answered', 1);
  expect(order.longestIdle()).toBe('a');
  order.use('a', 'stream', 2);
  expect(order.longestIdle()).toBe('b');
  order.remove('b');
  expect(order.longestIdle()).toBe('a');
});

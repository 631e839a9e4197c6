import { describe, expect, it } from 'vitest';
import { type ClusterEvent, nodeSubject } from './event.ts';
import { EventQueue } from './event-queue.ts';

const MINUTE_MS = 60_000;

function anEvent(fields: Partial<ClusterEvent> = {}): ClusterEvent {
  const subject = nodeSubject('node-1');
  return { subject, type: 'Normal', reason: 'Starting', action: 'StartKubeProxy', note: '', ...fields };
}

/** Tells all that is due, and returns `reason count` of each. */
function tell(queue: EventQueue<string>, nowMs: number): readonly string[] {
  const told: string[] = [];
  for (let series = queue.due(nowMs); series !== undefined; series = queue.due(nowMs)) {
    told.push(`${series.event.reason} ${series.count}`);
    queue.told(series, 'name', nowMs);
  }
  return told;
}

describe('EventQueue', () => {
  it('gives each event once, oldest first', () => {
    const queue = new EventQueue<string>();
    expect(queue.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
    queue.record(anEvent({ reason: 'A' }), 1);
    queue.record(anEvent({ reason: 'B' }), 2);
    expect(queue.nextDueMs()).toBe(1);
    expect(tell(queue, 3)).toEqual(['A 1', 'B 1']);
    expect(tell(queue, 4)).toEqual([]);
  });

  it('takes what happens again before it was told for one event, as it happened last', () => {
    const queue = new EventQueue<string>();
    queue.record(anEvent({ note: 'first' }), 1);
    queue.record(anEvent({ note: 'second' }), 20 * MINUTE_MS);
    expect(queue.due(20 * MINUTE_MS)).toMatchObject({ count: 2, firstMs: 1, event: { note: 'second' } });
  });

  it('tells what is no longer as it was told, where the note says how it is', () => {
    const queue = new EventQueue<string>();
    const record = (note: string) => queue.record(anEvent({ note, isTellingByNote: true }), 0);
    record('on node-1');
    expect(tell(queue, 0)).toEqual(['Starting 1']);
    record('on node-2');
    record('on node-2');
    expect(queue.due(0)).toMatchObject({ count: 2, event: { note: 'on node-2' } });
    expect(tell(queue, 0)).toEqual(['Starting 2']);
  });

  it('counts what happens again, and tells the count every five minutes at most', () => {
    const queue = new EventQueue<string>();
    queue.record(anEvent(), 0);
    expect(tell(queue, 0)).toEqual(['Starting 1']);
    for (let minute = 1; minute <= 7; minute++) queue.record(anEvent(), minute * MINUTE_MS);
    expect(queue.nextDueMs()).toBe(5 * MINUTE_MS);
    expect(tell(queue, 7 * MINUTE_MS)).toEqual(['Starting 8']);
    queue.record(anEvent(), 8 * MINUTE_MS);
    expect(queue.nextDueMs()).toBe(12 * MINUTE_MS);
  });

  it('takes what happens again after ten quiet minutes for something new', () => {
    const queue = new EventQueue<string>();
    queue.record(anEvent(), 0);
    tell(queue, 0);
    queue.record(anEvent(), 10 * MINUTE_MS);
    expect(tell(queue, 10 * MINUTE_MS)).toEqual(['Starting 1']);
  });

  it('leaves alone what somebody else has told', () => {
    const queue = new EventQueue<string>();
    queue.record(anEvent(), 0);
    queue.told(queue.due(0) ?? expect.fail(), undefined, 0);
    queue.record(anEvent(), 1);
    expect(queue.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('tells anew what the server has forgotten', () => {
    const queue = new EventQueue<string>();
    queue.record(anEvent(), 0);
    tell(queue, 0);
    queue.record(anEvent(), MINUTE_MS);
    queue.untold(queue.due(5 * MINUTE_MS) ?? expect.fail());
    expect(queue.due(5 * MINUTE_MS)).toMatchObject({ count: 1, firstMs: MINUTE_MS, told: undefined });
  });

  it('keeps a hundred that wait, and counts the others', () => {
    const queue = new EventQueue<string>();
    for (let index = 0; index < 250; index++) queue.record(anEvent({ reason: `R${index}` }), 0);
    expect([queue.takeDropped(), queue.takeDropped()]).toEqual([150, 0]);
    expect(tell(queue, 0)).toHaveLength(100);
    queue.record(anEvent({ reason: 'R200' }), 1);
    expect(tell(queue, 1)).toEqual(['R200 1']);
    queue.clear();
    for (let index = 0; index < 100; index++) queue.record(anEvent({ reason: `R${index}` }), 2);
    expect(queue.takeDropped()).toBe(0);
  });

  it('remembers a thousand, however many there were', () => {
    const queue = new EventQueue<string>();
    for (let index = 0; index < 3000; index++) {
      queue.record(anEvent({ reason: `R${index}` }), 0);
      tell(queue, 0);
    }
    for (const reason of ['R2999', 'R2001', 'R0']) queue.record(anEvent({ reason }), 1);
    expect(tell(queue, 1)).toEqual(['R0 1']);
  });

  it('tells nothing of what was given up', () => {
    const queue = new EventQueue<string>();
    queue.record(anEvent(), 0);
    queue.giveUp(queue.due(0) ?? expect.fail());
    expect(queue.due(0)).toBeUndefined();
  });
});

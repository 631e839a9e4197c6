import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

describe('turns', () => {
  it('come one after the other, in the order in which they were asked for', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const work = (name: string) => async () => {
      log.push(`${name} begins`);
      await nextTurn();
      log.push(`${name} ends`);
      return name;
    };
    const all = ['sync', 'look', 'edit'].map((name) => turns.take(work(name)));
    expect(await Promise.all(all)).toEqual(['sync', 'look', 'edit']);
    expect(log).toEqual(['sync', 'look', 'edit'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('go on after work that failed, whose owner hears of it', async () => {
    const turns = new Turns();
    const failed = turns.take(async () => {
      throw new Error('no');
    });
    const next = turns.take(async () => 'next');
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('next');
  });
});

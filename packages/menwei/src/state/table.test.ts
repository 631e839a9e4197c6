import { describe, expect, it } from 'vitest';
import { Table } from './table.ts';

const NEVER = new AbortController().signal;

describe('a table', () => {
  it('takes an equal row for no change, and keeps the former one', () => {
    const table = new Table<readonly number[]>((a, b) => a.join() === b.join());
    const row = [1];
    expect(table.put('a', row)).toBe(true);
    expect(table.put('a', [1])).toBe(false);
    expect(table.get('a')).toBe(row);
  });

  it('says whether there was something to delete', () => {
    const table = new Table<number>();
    table.put('a', 1);
    expect([table.delete('a'), table.delete('a')]).toEqual([true, false]);
  });
});

describe('a reader', () => {
  it('sees all rows first, whenever it was opened', () => {
    const table = new Table<number>();
    const early = table.reader();
    table.put('a', 1);
    const late = table.reader();
    for (const reader of [early, late]) {
      expect(reader.take()).toEqual([{ key: 'a', before: undefined, after: 1 }]);
    }
  });

  it('sees deletions, but not what came and went between two looks', () => {
    const table = new Table<number>();
    table.put('a', 1);
    const reader = table.reader();
    reader.take();
    table.put('b', 2);
    table.delete('b');
    expect(reader.unreadCount).toBe(0);
    table.delete('a');
    expect(reader.take()).toEqual([{ key: 'a', before: 1, after: undefined }]);
  });

  it('waits for the next change', async () => {
    const table = new Table<number>();
    const reader = table.reader();
    const changed = reader.changed(NEVER);
    table.put('a', 1);
    await changed;
    await reader.changed(NEVER);
    expect(reader.take()).toHaveLength(1);
  });

  it('waits no longer than it may', async () => {
    const stop = new AbortController();
    const changed = new Table<number>().reader().changed(stop.signal);
    stop.abort();
    await changed;
  });

  it('may take what it is told of right there', () => {
    const table = new Table<number>();
    const taken: unknown[] = [];
    const reader = table.reader(() => taken.push(...reader.take().map(({ after }) => after)));
    for (const value of [1, 2]) table.put('a', value);
    expect(taken).toEqual([1, 2]);
  });

  it('takes nothing and keeps nothing once it is closed', () => {
    const table = new Table<number>();
    let told = 0;
    const reader = table.reader(() => told++);
    reader.close();
    table.put('a', 1);
    expect([reader.take(), reader.unreadCount, told]).toEqual([[], 0, 0]);
  });

  it('wakes who waits, also when what it was told of before has come and gone', async () => {
    const table = new Table<number>();
    const reader = table.reader();
    reader.take();
    table.put('a', 1);
    table.delete('a');
    const changed = reader.changed(NEVER).then(() => 'woken');
    table.put('b', 2);
    expect(await Promise.race([changed, new Promise((resolve) => setImmediate(resolve, 'asleep'))])).toBe(
      'woken',
    );
  });
});

describe('while readers are told', () => {
  it('a row put by one of them reaches all, those that were told already included', () => {
    const table = new Table<number>();
    const seen: string[][] = [[], [], []];
    const readers = seen.map((keys, index) => {
      const reader = table.reader(() => {
        if (index === 1 && table.get('b') === undefined) table.put('b', 2);
        keys.push(...reader.take().map(({ key }) => key));
      });
      reader.take();
      return reader;
    });
    table.put('a', 1);
    expect(seen.map((keys) => keys.join())).toEqual(['a,b', 'a,b', 'a,b']);
    expect(readers.map((reader) => reader.take())).toEqual([[], [], []]);
  });

  it('readers may be closed, and opened', () => {
    const table = new Table<number>();
    let opened: ReturnType<typeof table.reader> | undefined;
    let told = 0;
    table.reader(() => {
      last.close();
      opened ??= table.reader();
    });
    const last = table.reader(() => told++);
    table.put('a', 1);
    expect([told, last.take()]).toEqual([0, []]);
    expect(opened?.take()).toEqual([{ key: 'a', before: undefined, after: 1 }]);
  });

  it('one that throws keeps nobody from being told, and is told again', () => {
    const table = new Table<number>();
    const cause = new Error('injected');
    let tries = 0;
    let told = 0;
    table.reader(() => {
      tries++;
      throw cause;
    });
    const other = table.reader(() => told++);
    const failure = expect.objectContaining({ message: expect.stringMatching(/^BUG: a reader /), cause });
    expect(() => table.put('a', 1)).toThrow(failure);
    expect(table.get('a')).toBe(1);
    expect(other.take()).toHaveLength(1);
    expect(() => table.delete('a')).not.toThrow();
    expect(() => table.put('b', 1)).toThrow(failure);
    expect([tries, told]).toEqual([2, 2]);
  });
});

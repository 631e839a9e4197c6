import { describe, expect, it } from 'vitest';
import { StatusChanges } from './status-changes.ts';
import type { StatusRow } from './status-row.ts';

function row(name: string, parts: Partial<StatusRow> = {}): StatusRow {
  return { servicePort: `default/${name}/TCP`, family: 'IPv4', state: 'programmed', sinceMs: 1, ...parts };
}

const deleted = (each: StatusRow) => ({ ...each, state: 'deleted' }) as const;

describe('a list', () => {
  it('gives all rows at first, then those that came, changed or went', () => {
    const changes = new StatusChanges();
    expect(changes.list([row('b'), row('a')])).toEqual([row('a'), row('b')]);
    expect(changes.list([row('b'), row('a')])).toEqual([]);
    const error = row('a', { state: 'error', error: 'no' });
    expect(changes.list([row('c'), error])).toEqual([error, row('c'), deleted(row('b'))]);
    expect(changes.list([row('c'), error])).toEqual([]);
  });

  it('keeps the families of a service port apart', () => {
    const changes = new StatusChanges();
    changes.list([row('a'), row('a', { family: 'IPv6' })]);
    expect(changes.list([row('a')])).toEqual([deleted(row('a', { family: 'IPv6' }))]);
  });

  it('holds a state that was reached anew for the same', () => {
    const changes = new StatusChanges();
    changes.list([row('a')]);
    expect(changes.list([row('a', { sinceMs: 2 })])).toEqual([]);
    const scaled = row('a', { sinceMs: 2, endpoints: { used: 1, local: 0, total: 1 } });
    expect(changes.list([scaled])).toEqual([scaled]);
  });
});

describe('a row', () => {
  it('is given if something in it is new', () => {
    const changes = new StatusChanges();
    changes.list([row('a')]);
    expect(changes.put(row('a', { sinceMs: 2 }))).toBeUndefined();
    const pending = row('a', { state: 'pending' });
    expect(changes.put(pending)).toEqual(pending);
    expect(changes.put(pending)).toBeUndefined();
    expect(changes.put(row('b'))).toEqual(row('b'));
  });

  it('that is gone is given as it was last, once', () => {
    const changes = new StatusChanges();
    const web = row('a', { clusterIP: '172.30.0.1' });
    changes.list([web]);
    const gone = { servicePort: web.servicePort, family: web.family, state: 'deleted' } as const;
    expect(changes.put(gone)).toEqual(deleted(web));
    expect(changes.put(gone)).toBeUndefined();
    expect(changes.list([web])).toEqual([web]);
  });
});

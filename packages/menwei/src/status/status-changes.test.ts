import { expect, it } from 'vitest';
import { StatusChanges } from './status-changes.ts';
import type { StatusRow } from './status-row.ts';

function row(name: string, parts: Partial<StatusRow> = {}): StatusRow {
  return { servicePort: `default/${name}/TCP`, family: 'IPv4', state: 'programmed', sinceMs: 1, ...parts };
}

it('gives all rows at first, then those that came, changed or went', () => {
  const changes = new StatusChanges();
  expect(changes.take([row('b'), row('a')])).toEqual([row('a'), row('b')]);
  expect(changes.take([row('b'), row('a')])).toEqual([]);
  const error = row('a', { state: 'error', error: 'no' });
  expect(changes.take([row('c'), error])).toEqual([error, row('c'), { ...row('b'), state: 'deleted' }]);
  expect(changes.take([row('c'), error])).toEqual([]);
});

it('keeps the families of a service port apart', () => {
  const changes = new StatusChanges();
  changes.take([row('a'), row('a', { family: 'IPv6' })]);
  expect(changes.take([row('a')])).toEqual(
    [row('a', { family: 'IPv6', state: 'programmed' })].map((each) => ({ ...each, state: 'deleted' })),
  );
});

it('holds a state that was reached anew for the same', () => {
  const changes = new StatusChanges();
  changes.take([row('a')]);
  expect(changes.take([row('a', { sinceMs: 2 })])).toEqual([]);
  const pending = row('a', { sinceMs: 2, endpoints: { used: 1, local: 0, total: 1 } });
  expect(changes.take([pending])).toEqual([pending]);
});

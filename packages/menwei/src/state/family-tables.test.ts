import { expect, it } from 'vitest';
import { FamilyTables } from './family-tables.ts';
import type { ServicePortStatus } from './service-port-status.ts';

it('tells since when a service port is in its state for the same reason', () => {
  const { status } = new FamilyTables('IPv4');
  const put = (state: ServicePortStatus['state'], sinceMs: number, error?: string) => {
    const row = { servicePort: 'ns/web/TCP', family: 'IPv4', state, sinceMs } as const;
    status.put(row.servicePort, error === undefined ? row : { ...row, error });
    return status.get(row.servicePort)?.sinceMs;
  };
  expect(put('pending', 1)).toBe(1);
  expect(put('error', 2, 'no such luck')).toBe(2);
  expect(put('error', 3, 'no such luck')).toBe(2);
  expect(put('error', 4, 'another reason')).toBe(4);
  expect(put('programmed', 5)).toBe(5);
});

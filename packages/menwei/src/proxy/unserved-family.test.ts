import { aService } from '@menwei/testing/services/testing.ts';
import { expect, it, vi } from 'vitest';
import { State } from '../state/state.ts';
import { UnservedFamily } from './unserved-family.ts';

it('tells of every service port of its family, as long as the Service is there, why it is not served', async () => {
  const { objects, families } = new State('node-a');
  const tables = families.IPv4;
  objects.put(aService({ name: 'old', clusterIPs: { IPv4: '172.30.0.1' } }));
  const family = new UnservedFamily({ objects, tables, reason: 'no such table', sinceMs: 7 });
  objects.put(aService({ name: 'new', clusterIPs: { IPv6: 'fd00:30::1' } }));
  expect([...tables.status.rows.values()]).toEqual([
    {
      servicePort: expect.stringContaining('/old'),
      family: 'IPv4',
      state: 'error',
      sinceMs: 7,
      error: 'IPv4 is not proxied: no such table',
    },
  ]);
  objects.delete({ kind: 'Service', namespace: 'ns', name: 'old' });
  await vi.waitFor(() => expect(tables.status.rows.size).toBe(0));
  family.close();
});

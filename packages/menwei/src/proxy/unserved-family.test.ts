import { aService } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { UnservedFamily } from './unserved-family.ts';

it('tells of every service port of its family, as long as the Service is there, why it is not served', () => {
  const family = new UnservedFamily('IPv4', 'no such table', 'node-a', 7);
  family.upsert(aService({ name: 'old', clusterIPs: { IPv4: '172.30.0.1' } }));
  family.upsert(aService({ name: 'new', clusterIPs: { IPv6: 'fd00:30::1' } }));
  expect(family.status()).toEqual([
    {
      servicePort: expect.stringContaining('/old'),
      family: 'IPv4',
      state: 'error',
      sinceMs: 7,
      error: 'IPv4 is not proxied: no such table',
    },
  ]);
  family.remove({ kind: 'Service', namespace: 'ns', name: 'old' });
  expect(family.status()).toEqual([]);
});

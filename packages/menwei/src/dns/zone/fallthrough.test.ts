import { expect, it } from 'vitest';
import { type Fallthrough, FallthroughZone } from './fallthrough.ts';
import { HostsZone } from './hosts-zone.ts';

const NONE: Fallthrough = { to: [], claimed: [] };
const ALL: Fallthrough = { to: [''], claimed: ['in-addr.arpa'] };

it.each<[string, Fallthrough, number | undefined]>([
  ['web.cluster.local', NONE, 0],
  ['nobody.cluster.local', NONE, 3],
  ['nobody.cluster.local', ALL, undefined],
  ['nobody.cluster.local', { to: ['cluster.local'], claimed: [] }, undefined],
  ['nobody.cluster.local', { to: ['example.org'], claimed: [] }, 3],
  ['example.org', NONE, undefined],
  ['1.2.0.192.in-addr.arpa', NONE, undefined],
  ['1.2.0.192.in-addr.arpa', { to: [], claimed: ['in-addr.arpa'] }, 3],
  ['1.2.0.192.in-addr.arpa', { to: ['in-addr.arpa'], claimed: ['in-addr.arpa'] }, undefined],
])('%s with %j: %s', (name, fallthrough, rcode) => {
  const inside = new HostsZone({ zones: ['cluster.local'], ttlSeconds: 5, reverse: true, fallthrough: [] });
  inside.setText('192.0.2.7 web.cluster.local');
  const found = new FallthroughZone(inside, fallthrough).lookup({ name, type: 1, class: 1 });
  expect(found === undefined || !('rcode' in found) ? undefined : found.rcode).toBe(rcode);
});

import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { State } from '../state/state.ts';
import { ServiceTracker } from './service-tracker.ts';

const db = aService({ name: 'db', clusterIPs: { IPv4: '172.30.0.2' }, externalIPs: ['203.0.113.9'] });
const web = aService({ name: 'web', externalIPs: ['203.0.113.9'] });

it('takes over from a former one, and changes only what went on meanwhile', () => {
  const { objects, families } = new State('node-a');
  const tables = families.IPv4;
  const open = () => new ServiceTracker({ objects, tables, startedAtMs: 0 });
  objects.put(db);
  objects.put(web);
  objects.put(aSlice({ endpoints: ['10.0.0.1'] }));
  const former = open();
  former.update();
  expect([...tables.unmet.rows.keys()]).toEqual(['ns/web/TCP']);
  former.close();

  objects.delete(db);
  const reader = tables.servicePorts.reader();
  const before = new Map(reader.take().map(({ key, after }) => [key, after]));
  const tracker = open();
  expect(tables.servicePorts.rows.size).toBe(2);
  tracker.update();
  expect(reader.take()).toEqual([
    { key: 'ns/web/TCP', before: before.get('ns/web/TCP'), after: tables.servicePorts.get('ns/web/TCP') },
    { key: 'ns/db/TCP', before: before.get('ns/db/TCP'), after: undefined },
  ]);
  expect([tables.unmet.rows.size, tracker.endpointCount]).toEqual([0, 1]);
  tracker.close();
  expect(open().update()).toEqual({ problems: [], triggerTimesMs: [] });
  expect(reader.take()).toEqual([]);
});

import { ToyBackend } from '@menwei/testing/proxy/toy-backend.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { State } from '../state/state.ts';
import { FamilyProxy } from './family-proxy.ts';

const signal = new AbortController().signal;

it('takes over from a proxy that has failed: what it told of stays, but for what is gone', async () => {
  const state = new State('node-a');
  const { objects, families } = state;
  const { status, applied, syncs } = families.IPv4;
  const kernel = new ToyBackend();
  const open = (backend: ToyBackend) => {
    for (const [key, text] of kernel.kernel) backend.kernel.set(key, text);
    const nodeView = () => aNodeView();
    return new FamilyProxy({ backend, state, startedAtMs: 0, nodeView, logger: silentLogger });
  };
  const db = aService({ name: 'db', clusterIPs: { IPv4: '172.30.0.2' } });
  for (const object of [aService(), db, aSlice({ endpoints: ['10.0.0.1'] })]) objects.put(object);
  const former = open(kernel);
  await former.sync(signal);
  expect([...status.rows.keys()].sort()).toEqual(['ns/db/TCP', 'ns/web/TCP']);
  former.close();

  objects.delete(db);
  const backend = new ToyBackend();
  const proxy = open(backend);
  const reader = applied.reader();
  reader.take();
  expect([...status.rows.keys()].sort()).toEqual(['ns/db/TCP', 'ns/web/TCP']);
  expect(await proxy.sync(signal)).toMatchObject({ ok: true, complete: true });
  expect(backend.log).toEqual(['observe', 'apply ns/db/TCP']);
  expect(Array.from(status.rows.values(), ({ servicePort, state: is }) => [servicePort, is])).toEqual([
    ['ns/web/TCP', 'programmed'],
  ]);
  expect(reader.take().map(({ key, after }) => [key, after])).toEqual([['ns/db/TCP', undefined]]);
  expect(syncs.get('IPv4')).toMatchObject({ ok: true, fullCount: 2 });
});

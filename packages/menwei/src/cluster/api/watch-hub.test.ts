import { expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import { openMemoryStore } from '../store/local-store.ts';
import type { Store } from '../store/store.ts';
import type { Encoding } from './encoding.ts';
import { ANSWERS, chooseForm, STREAM } from './negotiation.ts';
import { Selection } from './selection.ts';
import { type EventLines, noticeOf } from './watch-events.ts';
import { WatchHub } from './watch-hub.ts';

const PODS = resourceOf('', 'pods');

function putPod(store: Store, name: string, nodeName: string): Promise<unknown> {
  const metadata = { name, namespace: 'a' };
  const spec = { nodeName };
  return store.transact((transaction) =>
    transaction.put('pods', { kind: 'Pod', apiVersion: 'v1', metadata, ...{ spec } }),
  );
}

it('asks only those whom a change may concern', async () => {
  const store = openMemoryStore();
  using hub = new WatchHub(store);
  const asked: string[] = [];
  const add = (name: string, namespace: string, fields: string) =>
    hub.add({
      storedAs: 'pods',
      selection: new Selection(PODS, namespace, '', fields),
      tell: () => asked.push(name),
    });
  for (let node = 0; node < 1000; node++) add(`node ${node}`, '', `spec.nodeName=n${node}`);
  for (let pod = 0; pod < 1000; pod++) add(`pod ${pod}`, 'a', `metadata.name=p${pod}`);
  add('all', '', '');
  add('namespace a', 'a', '');
  add('namespace b', 'b', '');
  const services = new Selection(resourceOf('', 'services'), '', '', '');
  hub.add({ storedAs: 'services', selection: services, tell: () => asked.push('services') });

  await putPod(store, 'p7', 'n1');
  expect(asked.splice(0).sort()).toEqual(['all', 'namespace a', 'node 1', 'pod 7']);
  await putPod(store, 'p7', 'n2');
  expect(asked.splice(0).sort()).toEqual(['all', 'namespace a', 'node 1', 'node 2', 'pod 7']);
});

it('writes a change once for all who read it in the same form', async () => {
  const store = openMemoryStore();
  using hub = new WatchHub(store);
  const encoding = (accept: string): Encoding => ({
    resource: PODS,
    form: chooseForm(accept, new URLSearchParams(), accept === '' ? ANSWERS : STREAM),
    includeObject: 'Metadata',
    now: () => 0,
  });
  const lines: Buffer[] = [];
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const tell = (lines_: EventLines, accept: string, event: Parameters<typeof noticeOf>[0]) => {
    const notice = noticeOf(event, new Selection(PODS, '', '', ''));
    if (notice !== undefined) lines.push(lines_.line(encoding(accept), notice, false));
  };
  for (const accept of ['', '', table, table]) {
    hub.add({
      storedAs: 'pods',
      selection: new Selection(PODS, '', '', ''),
      tell: (event, each) => tell(each, accept, event),
    });
  }
  await putPod(store, 'p', 'n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe(lines[1]);
  expect(lines[2]).toBe(lines[3]);
  expect(lines[0]).not.toBe(lines[2]);
});

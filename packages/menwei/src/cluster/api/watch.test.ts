import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import type { ObjectMeta } from '../schema/object.ts';
import { openMemoryStore } from '../store/local-store.ts';

const CONFIG_MAPS = resourceOf('', 'configmaps');
const PATH = '/api/v1/namespaces/default/configmaps';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

function write(name: string, data: string, metadata: ObjectMeta = {}): Promise<unknown> {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, ...metadata }, data: { a: data } };
  return api.store.get('configmaps', 'default', name) === undefined
    ? api.registry.create(CONFIG_MAPS, 'default', object)
    : api.registry.update(CONFIG_MAPS, 'default', name, object);
}

interface Told {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly message?: string;
    readonly code?: number;
    readonly metadata: ObjectMeta;
    readonly data?: Readonly<Record<string, string>>;
    readonly columnDefinitions?: unknown;
    readonly rows?: readonly { readonly cells: readonly unknown[] }[];
  };
}

interface Watched {
  readonly accept?: string;
  readonly path?: string;
  /** Called when the watch is open. */
  readonly meanwhile?: () => Promise<void>;
}

/** The first so many events; 0: until the server ends the watch, after a second. */
async function watch(query: string, count: number, options: Watched = {}): Promise<readonly Told[]> {
  const { accept = 'application/json', path = PATH, meanwhile } = options;
  const over = new AbortController();
  const response = await fetch(`${api.url}${path}?watch=1&timeoutSeconds=1&${query}`, {
    headers: { accept },
    signal: over.signal,
  });
  expect(response.status).toBe(200);
  await meanwhile?.();
  const events: Told[] = [];
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const lines = `${rest}${Buffer.from(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.map((line) => JSON.parse(line)));
    if (count > 0 && events.length >= count) break;
  }
  over.abort();
  return events;
}

const told = (events: readonly Told[]) =>
  events.map(({ type, object: { metadata, data } }) => {
    const { name, resourceVersion, annotations } = metadata;
    return [type, name, resourceVersion, data?.a ?? annotations];
  });

describe('a watch', () => {
  it('begins with what there is, in the order of names', async () => {
    await write('b', '1');
    await write('a', '2');
    const expected = [
      ['ADDED', 'a', '4', '2'],
      ['ADDED', 'b', '3', '1'],
    ];
    expect(told(await watch('', 2))).toEqual(expected);
    expect(told(await watch('resourceVersion=0', 2))).toEqual(expected);
  });

  it('tells what changes while it is open', async () => {
    const meanwhile = async () => {
      await write('a', '1');
      await write('a', '2');
      await api.registry.delete(CONFIG_MAPS, 'default', 'a');
    };
    expect(told(await watch('', 3, { meanwhile }))).toEqual([
      ['ADDED', 'a', '3', '1'],
      ['MODIFIED', 'a', '4', '2'],
      ['DELETED', 'a', '5', '2'],
    ]);
  });

  it('goes on after a revision', async () => {
    await write('a', '1');
    await write('a', '2');
    await write('b', '3');
    expect(told(await watch('resourceVersion=3', 2))).toEqual([
      ['MODIFIED', 'a', '4', '2'],
      ['ADDED', 'b', '5', '3'],
    ]);
  });

  it.each([
    ['resourceVersion=2', undefined],
    ['', async () => write('a', '1', { labels: { l: '1' } })],
  ])('tells who enters and leaves what is selected (%s)', async (query, first) => {
    const changes = async () => {
      await (first ?? (() => write('a', '1', { labels: { l: '1' } })))();
      await write('a', '2', { labels: { l: '2' } });
    };
    if (first === undefined) await changes();
    const meanwhile = first === undefined ? undefined : changes;
    const options = meanwhile === undefined ? {} : { meanwhile };
    expect(told(await watch(`${query}&labelSelector=l%3D1`, 2, options))).toEqual([
      ['ADDED', 'a', '3', '1'],
      ['DELETED', 'a', '4', '1'],
    ]);
    if (first === undefined)
      expect(told(await watch(`${query}&labelSelector=l%3D2`, 1))).toEqual([['ADDED', 'a', '4', '2']]);
  });

  it('marks the end of what there is', async () => {
    await write('a', '1');
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const mark = ['BOOKMARK', undefined, '3', { 'k8s.io/initial-events-end': 'true' }];
    expect(told(await watch(`${query}&allowWatchBookmarks=true`, 2))).toEqual([
      ['ADDED', 'a', '3', '1'],
      mark,
    ]);
    expect(told(await watch(`${query}&allowWatchBookmarks=true&resourceVersion=1`, 2))).toHaveLength(2);
    expect(told(await watch(`${query}&allowWatchBookmarks=true&labelSelector=none`, 1))).toEqual([mark]);
    expect(told(await watch(query, 0))).toEqual([['ADDED', 'a', '3', '1']]);
  });

  it('begins with nothing for who has all', async () => {
    await write('a', '1');
    const query = 'sendInitialEvents=false&resourceVersionMatch=NotOlderThan';
    expect(told(await watch(query, 1, { meanwhile: async () => void (await write('b', '1')) }))).toEqual([
      ['ADDED', 'b', '4', '1'],
    ]);
  });

  it('says how far it has come before it ends', async () => {
    await write('a', '1');
    const url = `${api.url}${PATH}?watch=1&timeoutSeconds=3&allowWatchBookmarks=true&resourceVersion=3`;
    const response = await fetch(url);
    expect(JSON.parse(await response.text())).toEqual({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '3' } },
    });
  });

  it('can not begin where nobody remembers', async () => {
    await api.close();
    const limits = { minEvents: 0, minMs: 0, maxEvents: 2, maxBytes: 1e6 };
    api = await startTestApi({ store: openMemoryStore({ limits }) });
    for (const data of ['1', '2', '3', '4']) await write('a', data);
    const { floor } = api.store;
    for (const accept of ['application/json', TABLE]) {
      expect(await watch('resourceVersion=2', 0, { accept })).toEqual([
        {
          type: 'ERROR',
          object: {
            kind: 'Status',
            apiVersion: 'v1',
            metadata: {},
            status: 'Failure',
            message: `too old resource version: 2 (${floor})`,
            reason: 'Expired',
            code: 410,
          },
        },
      ]);
    }
    expect(await watch(`resourceVersion=${floor}`, 2)).toHaveLength(6 - floor);
  });

  it('can not begin in a future that does not come', async () => {
    const [future] = await watch('resourceVersion=99', 1);
    expect(future).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 504, message: 'Timeout: Too large resource version: 99, current: 2' },
    });
  });

  it('gives the columns of a Table once', async () => {
    await write('a', '1');
    const meanwhile = async () => void (await write('b', '1'));
    const events = await watch('', 2, { accept: TABLE, meanwhile });
    expect(events.map(({ object }) => [object.kind, object.rows?.[0]?.cells[0]])).toEqual([
      ['Table', 'a'],
      ['Table', 'b'],
    ]);
    expect(events.map(({ object }) => object.columnDefinitions)).toEqual([expect.any(Array), null]);
  });

  it('tells ages of the moment of each event', async () => {
    await api.close();
    let laterMs = 0;
    api = await startTestApi({ now: () => Date.now() + laterMs });
    await write('a', '1');
    const meanwhile = async () => {
      laterMs = 3_600_000;
      await write('a', '2');
    };
    const events = await watch('', 2, { accept: TABLE, meanwhile });
    expect(events[1]?.object.rows?.[0]?.cells.at(-1)).toBe('60m');
  });

  it('can be asked for by the path of old', async () => {
    await write('a', '1');
    await write('b', '1');
    const path = '/api/v1/watch/namespaces/default/configmaps';
    expect(told(await watch('', 2, { path }))).toHaveLength(2);
    expect(told(await watch('', 1, { path: `${path}/b` }))).toEqual([['ADDED', 'b', '4', '1']]);
    for (const method of ['POST', 'DELETE']) {
      expect((await fetch(`${api.url}${path}`, { method })).status, method).toBe(405);
    }
  });
});

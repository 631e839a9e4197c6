/** Lists in pages, lists and watches from versions that are gone, watches in all forms, as kube-apiserver answered them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOf } from './golden-differences.ts';
import { type GoldenRow, masked, parse, readGolden, replay, send } from './golden-rows.ts';
import { type GoldenServer, openGoldenServer } from './golden-server.ts';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

let server: GoldenServer;

function write(method: string, path: string, body: object) {
  return send(server, { method, path, contentType: 'application/json', body });
}

async function get(path: string, accept = 'application/json'): Promise<Readonly<Record<string, unknown>>> {
  const { text } = await send(server, { method: 'GET', path, accept });
  return recordOf(parse(text));
}

const createNamespace = (name: string) => write('POST', '/api/v1/namespaces', { metadata: { name } });

interface PageRow {
  readonly title: string;
  readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number };
  readonly names: readonly string[];
}

function pageOf(list: Readonly<Record<string, unknown>>) {
  const { continue: token, remainingItemCount, resourceVersion } = recordOf(list.metadata);
  const items = Array.isArray(list.items) ? list.items : [];
  const names = items.map((item) => recordOf(recordOf(item).metadata).name);
  return { token: String(token ?? ''), remainingItemCount, resourceVersion: String(resourceVersion), names };
}

function startOf(token: string | undefined): unknown {
  return recordOf(JSON.parse(Buffer.from(token ?? '', 'base64url').toString())).start;
}

describe('lists.jsonl', () => {
  const SERVICES = '/api/v1/namespaces/tab/services';
  const ports = [
    { name: 'h', port: 80 },
    { name: 'd', port: 53, protocol: 'UDP' },
  ];
  const specs: Readonly<Record<string, object>> = {
    'a-cluster': { clusterIP: '10.96.1.1', ports, selector: { app: 'x', tier: 'y' } },
    'b-headless': { clusterIP: 'None', selector: { a: 'b' } },
    'c-nodeport': { type: 'NodePort', ports: [{ port: 80 }] },
    'd-lb-pending': { type: 'LoadBalancer', ports: [{ port: 80 }] },
    'e-lb': { type: 'LoadBalancer', ports: [{ port: 80 }] },
    'f-external': { type: 'ExternalName', externalName: 'example.com' },
    'g-eip': { ports: [{ port: 443 }], externalIPs: ['198.51.100.1'] },
  };
  beforeAll(async () => {
    server = await openGoldenServer();
    await createNamespace('tab');
    for (const [name, spec] of Object.entries(specs))
      await write('POST', SERVICES, { metadata: { name }, spec });
  });
  afterAll(() => server.close());

  const rows = readGolden<GoldenRow & PageRow>('lists');
  const whole = rows.filter(({ request }) => request !== undefined);
  it.each(whole)('$title', async (row) => {
    if (row.title !== 'limit 2') return replay(server, row);
    // The token holds a version.
    const { text } = await send(server, row.request);
    const given = recordOf(masked(parse(text), JSON.stringify(specs)));
    const expected = recordOf(masked(row.body, JSON.stringify(specs)));
    expect(given.items).toEqual(expected.items);
    expect(Object.keys(recordOf(given.metadata))).toEqual(Object.keys(recordOf(expected.metadata)));
  });

  it('page 1, page 2: of one version, with what is left', async () => {
    let token = '';
    const versions = new Set<string>();
    for (const { metadata, names } of rows.filter(({ request }) => request === undefined)) {
      const query = token === '' ? '' : `&continue=${token}`;
      const page = pageOf(await get(`${SERVICES}?limit=2${query}`));
      expect([page.names, page.remainingItemCount]).toEqual([names, metadata.remainingItemCount]);
      expect(startOf(page.token)).toBe(startOf(metadata.continue));
      token = page.token;
      versions.add(page.resourceVersion);
      await write('POST', SERVICES, {
        metadata: { name: `late-${versions.size}` },
        spec: specs['b-headless'],
      });
    }
    expect(versions.size).toBe(1);
  });
});

describe.skipIf(process.env.MENWEI_GOLDEN_URL !== undefined)('expired.jsonl', () => {
  const PATH = '/api/v1/namespaces/exp/configmaps';
  let old = '';
  let token = '';
  beforeAll(async () => {
    server = await openGoldenServer({ limits: { minEvents: 0, minMs: 0, maxEvents: 4, maxBytes: 1e6 } });
    await createNamespace('exp');
    for (const name of ['c0', 'c1', 'c2', 'c3', 'c4']) await write('POST', PATH, { metadata: { name } });
    ({ token, resourceVersion: old } = pageOf(await get(`${PATH}?limit=2`)));
    for (const name of ['x1', 'x2', 'x3', 'x4', 'x5', 'x6']) {
      await write('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name } });
    }
  });
  afterAll(() => server.close());

  const rows = readGolden<GoldenRow & PageRow & { readonly events?: readonly object[] }>('expired');
  const row = (title: string) => rows.find((each) => each.title === title) ?? expect.fail(title);

  it('continue token of a compacted version; the inconsistent token goes on', async () => {
    const { status, body } = row('continue token of a compacted version');
    const answer = await send(server, { method: 'GET', path: `${PATH}?limit=2&continue=${token}` });
    expect([answer.status, parse(answer.text)]).toEqual([status, body]);
    const { metadata, names } = row('the inconsistent token goes on');
    const next = String(recordOf(recordOf(parse(answer.text)).metadata).continue);
    const page = pageOf(await get(`${PATH}?limit=2&continue=${next}`));
    expect([page.names, page.remainingItemCount]).toEqual([names, metadata.remainingItemCount]);
    expect(startOf(page.token)).toBe(startOf(metadata.continue));
  });

  it.each([
    ['exact compacted version', 'resourceVersionMatch=Exact'],
    ['not older than compacted: fine', 'limit=1'],
  ])('%s', async (title, query) => {
    const { status, body } = row(title);
    const answer = await send(server, { method: 'GET', path: `${PATH}?${query}&resourceVersion=${old}` });
    expect([answer.status, parse(answer.text)]).toEqual([status, body]);
  });

  it.each([
    ['watch from before the cache began', 'application/json'],
    ['Table watch from before the cache began', TABLE],
  ])('%s', async (title, accept) => {
    const path = `${PATH}?watch=1&timeoutSeconds=1&resourceVersion=${old}`;
    const { status, text } = await send(server, { method: 'GET', path, accept });
    const mask = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value).replace(/version: \d+ \(\d+\)/, 'version: <rv> (<floor>)'));
    expect([status, mask(parse(text))]).toEqual([200, mask(row(title).events?.[0])]);
  });

  it('sendInitialEvents with an old version', async () => {
    const query = `sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
    const path = `${PATH}?watch=1&timeoutSeconds=1&resourceVersion=${old}&${query}`;
    const { text } = await send(server, { method: 'GET', path });
    const events = text.trimEnd().split('\n').map(parse).map(recordOf);
    const told = events.map(({ type, object }) => {
      return { type, name: recordOf(recordOf(object).metadata).name ?? null };
    });
    expect(told).toEqual(row('sendInitialEvents with an old version').events);
  });
});

describe('watch.jsonl', () => {
  interface WatchRow {
    readonly title: string;
    readonly path: string;
    readonly events: readonly object[];
  }
  const PATH = '/api/v1/namespaces/tab/configmaps';
  const cm = { metadata: { name: 'cm' }, data: { a: 'b' }, binaryData: { x: 'AA==' } };
  let begin = '';
  beforeAll(async () => {
    server = await openGoldenServer();
    await createNamespace('tab');
    await write('POST', PATH, cm);
    begin = pageOf(await get(PATH)).resourceVersion;
    const w1 = (data: string) => ({ metadata: { name: 'w1', labels: { l: data } }, data: { a: data } });
    await write('POST', PATH, w1('1'));
    await write('PUT', `${PATH}/w1`, w1('2'));
    await send(server, { method: 'DELETE', path: `${PATH}/w1` });
  });
  afterAll(() => server.close());

  const FORMS: Readonly<Record<string, string>> = {
    'Table watch': TABLE,
    'PartialObjectMetadata watch': PARTIAL,
  };
  // All at once: most of the time they wait for the end.
  describe.concurrent('all', () => {
    it.each(readGolden<WatchRow>('watch'))('$title', async ({ title, path, events }) => {
      const accept = FORMS[title] ?? 'application/json';
      const answer = await send(server, { method: 'GET', path: path.replace('=804', `=${begin}`), accept });
      const lines = answer.text.split('\n').filter((line) => line !== '');
      if (title === 'future') {
        // CQ-9: not silence, but what is wrong.
        expect(lines.map(parse)).toMatchObject([{ type: 'ERROR', object: { code: 504, reason: 'Timeout' } }]);
        return;
      }
      const told = masked(lines.map(parse), '');
      expect(comparable(told)).toEqual(comparable(masked(events, '')));
      expect(versionsOf(lines.map(parse))).toEqual(versionsOf(events));
    });
  });

  /** How far each write of one object is from the first. */
  function versionsOf(events: readonly unknown[]): readonly number[] {
    const all = events.map((event) => recordOf(recordOf(recordOf(event).object).metadata));
    const versions = all.filter(({ name }) => name === 'w1').map((each) => Number(each.resourceVersion));
    return versions.map((version) => version - (versions[0] ?? 0));
  }

  /** The reference's words about columns are its own. */
  function comparable(value: unknown): unknown {
    return JSON.parse(JSON.stringify(value).replace(/"\d+s"/g, '"<age>"'), (key, each) =>
      key === 'description' ? '' : each,
    );
  }
});

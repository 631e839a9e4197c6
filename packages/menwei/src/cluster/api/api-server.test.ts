import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { formatYaml } from '@menwei/yaml/format.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatWarnings } from './reply.ts';

let api: TestApi;
let trouble: string | undefined;
beforeAll(async () => {
  api = await startTestApi({
    checks: [
      { name: 'store', why: () => trouble },
      { name: 'controllers', why: () => undefined },
    ],
    queues: new Map([['slices', { counts: { waiting: 2, done: 40, failed: 1, workSeconds: 0.5 } }]]),
  });
});
afterAll(() => api.close());

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function send(
  path: string,
  method = 'GET',
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('health', () => {
  it('of a server that is ready', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/readyz/store', '/healthz/ping']) {
      const { status, headers, text } = await send(path);
      expect([status, headers.get('content-type'), text]).toEqual([200, 'text/plain; charset=utf-8', 'ok']);
    }
    const { text } = await send('/readyz?verbose');
    expect(text).toBe('[+]ping ok\n[+]store ok\n[+]controllers ok\nreadyz check passed\n');
    expect((await send('/readyz/nope')).status).toBe(404);
  });

  it('of a server that lives and is not ready: what fails, and not why', async () => {
    trouble = 'no space left on /secret/path';
    const { status, text } = await send('/readyz');
    expect(status).toBe(500);
    expect(text).toBe(
      '[+]ping ok\n[-]store failed: reason withheld\n[+]controllers ok\nreadyz check failed\n',
    );
    expect((await send('/readyz?exclude=store')).status).toBe(200);
    expect((await send('/livez')).status).toBe(200);
    trouble = undefined;
  });
});

describe('a list', () => {
  const path = '/api/v1/namespaces/listed/configmaps';
  const AS = ['', ';as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', ';as=Table;v=v1;g=meta.k8s.io'];

  it('is the same in pieces, indented or as YAML', async () => {
    await send('/api/v1/namespaces', 'POST', { metadata: { name: 'listed' } });
    for (const name of ['', 'a', 'b', 'c']) {
      if (name !== '') await send(path, 'POST', { metadata: { name }, data: { a: 'x\n  ]\n- y', b: '' } });
      for (const as of AS) {
        const accept = `application/json${as}`;
        const pretty = await send(`${path}?pretty=true`, 'GET', undefined, { accept });
        expect(pretty.text, `${as} ${name}`).toBe(
          `${JSON.stringify(JSON.parse(pretty.text), undefined, 2)}\n`,
        );
      }
      const yaml = await send(path, 'GET', undefined, { accept: 'application/yaml' });
      expect(yaml.text).toBe(formatYaml(JSON.parse((await send(path)).text)));
    }
  });
});

describe('an object', () => {
  it('comes in the form that is asked for', async () => {
    await send(CONFIG_MAPS, 'POST', { metadata: { name: 'form' }, data: { a: 'yes' } });
    const yaml = await send(`${CONFIG_MAPS}/form`, 'GET', undefined, { accept: 'application/yaml' });
    expect(yaml.headers.get('content-type')).toBe('application/yaml');
    expect(yaml.text).toContain('kind: ConfigMap\napiVersion: v1\n');
    expect(yaml.text).toContain('  a: "yes"\n');
    const list = await send(CONFIG_MAPS, 'GET', undefined, { accept: 'application/yaml' });
    expect(list.text).toContain('kind: ConfigMapList\n');
    const pretty = await send(`${CONFIG_MAPS}/form?pretty=true`);
    expect(pretty.text).toBe(`${JSON.stringify(JSON.parse(pretty.text), undefined, 2)}\n`);
    const accept = 'application/json;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io';
    const partial = await send(`${CONFIG_MAPS}/form`, 'GET', undefined, { accept });
    expect(JSON.parse(partial.text)).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1beta1',
      metadata: { name: 'form' },
    });
    expect(JSON.parse(partial.text)).not.toHaveProperty('data');
  });

  it('is answered as it would be by a dry run, with the version that it has', async () => {
    const path = `${CONFIG_MAPS}/dry`;
    const { text } = await send(CONFIG_MAPS, 'POST', { metadata: { name: 'dry' }, data: { a: '1' } });
    const before = JSON.parse(text);
    const dry = await send(`${path}?dryRun=All`, 'PUT', { metadata: { name: 'dry' }, data: { a: '2' } });
    expect(JSON.parse(dry.text)).toEqual({ ...before, data: { a: '2' } });
    expect(JSON.parse((await send(path)).text)).toEqual(before);
    const gone = await send(`${path}?dryRun=All`, 'DELETE');
    expect([gone.status, JSON.parse(gone.text).status]).toEqual([200, 'Success']);
    expect((await send(path)).status).toBe(200);
  });

  it('that is deleted is told by its Status, with its uid', async () => {
    const created = await send(CONFIG_MAPS, 'POST', { metadata: { name: 'gone' } });
    const { uid } = JSON.parse(created.text).metadata;
    const { text } = await send(`${CONFIG_MAPS}/gone`, 'DELETE', { propagationPolicy: 'Background' });
    expect(JSON.parse(text)).toMatchObject({
      status: 'Success',
      details: { name: 'gone', kind: 'configmaps', uid },
    });
    expect((await send(`${CONFIG_MAPS}/gone`, 'DELETE')).status).toBe(404);
  });

  it('of many is deleted where it matches, and told in a list', async () => {
    for (const name of ['m1', 'm2', 'other']) {
      const labels = { many: String(name !== 'other') };
      await send(CONFIG_MAPS, 'POST', { metadata: { name, labels } });
    }
    const { text } = await send(`${CONFIG_MAPS}?labelSelector=many%3Dtrue`, 'DELETE');
    const { kind, items } = JSON.parse(text);
    expect(kind).toBe('ConfigMapList');
    expect(items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(['m1', 'm2']);
    expect((await send(`${CONFIG_MAPS}/other`)).status).toBe(200);
  });
});

it('an Event written in one shape is read in the other', async () => {
  const [old, modern] = ['/api/v1', '/apis/events.k8s.io/v1'].map(
    (root) => `${root}/namespaces/default/events`,
  );
  const regarding = { kind: 'Service', namespace: 'default', name: 'web' };
  const told = { reason: 'Because', note: 'it was so', type: 'Normal', action: 'Look', regarding };
  const source = {
    eventTime: '2026-11-30T05:00:00.000001Z',
    reportingController: 'a.b/c',
    reportingInstance: 'x',
  };
  const created = await send(modern ?? '', 'POST', { metadata: { name: 'e.1' }, ...told, ...source });
  expect([created.status, JSON.parse(created.text)]).toMatchObject([
    201,
    { apiVersion: 'events.k8s.io/v1', ...told },
  ]);
  const read = JSON.parse((await send(`${old}/e.1`)).text);
  expect(read).toMatchObject({ apiVersion: 'v1', message: 'it was so', involvedObject: regarding });
  const list = JSON.parse((await send(`${modern}?fieldSelector=regarding.name%3Dweb`)).text);
  expect(list).toMatchObject({ kind: 'EventList', apiVersion: 'events.k8s.io/v1', items: [told] });
  expect(list.items[0]).not.toHaveProperty('kind');
  const patched = await fetch(`${api.url}${modern}/e.1`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ series: { count: 2, lastObservedTime: '2026-11-30T05:00:01.000001Z' } }),
  });
  expect(await patched.json()).toMatchObject({ apiVersion: 'events.k8s.io/v1', series: { count: 2 } });
});

it('what is out of date is said with every answer', async () => {
  const path = '/api/v1/namespaces/default/endpoints';
  const warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';
  for (const [target, method] of [
    [path, 'GET'],
    [`${path}/nope`, 'GET'],
    [`${path}/nope`, 'DELETE'],
    [`${path}?watch=1&timeoutSeconds=1`, 'GET'],
  ] as const) {
    expect((await send(target, method)).headers.get('warning')).toBe(warning);
  }
});

it('what runs nothing has no logs, and says so', async () => {
  const pods = '/api/v1/namespaces/default/pods';
  await send(pods, 'POST', { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const { status, text } = await send(`${pods}/p/log`);
  expect([status, JSON.parse(text).message]).toEqual([
    501,
    expect.stringContaining('no pod runs in this cluster'),
  ]);
  expect((await send(`${pods}/nope/exec?command=ls`)).status).toBe(404);
});

it('counts what it does', async () => {
  const { text } = await send('/metrics');
  const lines = text.split('\n');
  expect(lines).toContain('workqueue_depth{name="slices"} 2');
  expect(lines).toContain('menwei_cluster_controller_work_seconds_total{name="slices"} 0.5');
  expect(text).toMatch(
    /^apiserver_request_total\{code="201",group="",resource="configmaps",.*verb="POST".*\} [1-9]/m,
  );
  expect(text).toMatch(/^menwei_cluster_store_writes_total\{resource="configmaps",type="added"\} [1-9]/m);
  expect(text).not.toContain('nope');
});

describe('warnings', () => {
  it('stand in headers whatever is in them', () => {
    expect(formatWarnings(['a "b" \\ c\r\nSet-Cookie: x'])).toEqual([
      '299 - "a \\"b\\" \\\\ c Set-Cookie: x"',
    ]);
    const [utf8 = ''] = formatWarnings(['门卫']);
    expect(Buffer.from(utf8, 'latin1').toString()).toBe('299 - "门卫"');
  });

  it('are cut, one and all', () => {
    const values = formatWarnings(Array.from({ length: 10 }, () => 'x'.repeat(5000)));
    expect(values.every((value) => value.length < 2100)).toBe(true);
    expect(values.length).toBe(2);
  });
});

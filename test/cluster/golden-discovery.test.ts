/** What kube-apiserver says it has, of our kinds: all at once, and in the way of old clients. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOf } from './golden-differences.ts';
import { parse, send } from './golden-rows.ts';
import { type GoldenServer, openGoldenServer } from './golden-server.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const OLD_AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

const golden: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(new URL('../data/cluster-golden/discovery.json', import.meta.url), 'utf8'),
);

/** Not here: other ways to reach pods and nodes, and what comes with the controllers that it needs. */
const ABSENT: readonly string[] = ['bindings', 'ephemeralcontainers', 'proxy', 'resize'];

/** An Eviction is posted to a pod; kubectl of old would take the group for a sign of its own version, and fail. */
const ABSENT_GROUPS: readonly string[] = ['apps', 'policy'];

/** What others install, and is here from the start. */
const ADDED_GROUPS: readonly string[] = ['menwei.dev', 'metallb.io'];

/** Without what others install. */
function upstreamOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((each) => {
      const { name, metadata } = recordOf(each);
      return !ADDED_GROUPS.some((group) => group === name || group === recordOf(metadata).name);
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, upstreamOf(each)]));
}

let server: GoldenServer;
beforeAll(async () => {
  server = await openGoldenServer();
});
afterAll(() => server.close());

const get = (path: string, accept = 'application/json') => send(server, { method: 'GET', path, accept });

/** Without what is absent, and hashes. */
function expected(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => !isAbsent(each)).map(expected);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'storageVersionHash');
  return Object.fromEntries(kept.map(([key, each]) => [key, expected(each)]));
}

function isAbsent(value: unknown): boolean {
  const { resource, subresource, name, metadata } = recordOf(value);
  const names = [resource, subresource, ...String(name ?? '').split('/')];
  const groups = [name, recordOf(metadata).name];
  return (
    names.some((each) => ABSENT.includes(String(each))) || ABSENT_GROUPS.some((each) => groups.includes(each))
  );
}

/** Resources and groups in any order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const keyed = value.map((each) => [JSON.stringify(each), sorted(each)] as const);
    return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sorted(each)]));
}

const sameAs = (text: string, body: unknown) => {
  expect(sorted(upstreamOf(parse(text)))).toEqual(sorted(expected(body)));
};

describe('discovery.json', () => {
  it.each(['/api', '/apis'])('aggregated %s', async (path) => {
    const { body, contentType, vary, cacheControl } = recordOf(golden[`aggregated ${path}`]);
    const { text, headers } = await get(path, AGGREGATED);
    sameAs(text, body);
    const told = ['content-type', 'vary', 'cache-control'].map((name) => headers.get(name));
    expect(told).toEqual([contentType, vary, cacheControl]);
  });

  it('is told once to who keeps it', async () => {
    const { headers } = await get('/apis', AGGREGATED);
    const response = await fetch(`${server.url}/apis`, {
      headers: {
        Accept: AGGREGATED,
        Authorization: 'Bearer admin-token',
        'If-None-Match': headers.get('etag') ?? '',
      },
    });
    expect([response.status, await response.text()]).toEqual([304, '']);
  });

  it.each(['/api', '/apis'])('legacy %s, also for who knows only an older form', async (path) => {
    const { body } = recordOf(golden[`legacy ${path}`]);
    for (const accept of ['application/json', OLD_AGGREGATED]) {
      const { text, headers } = await get(path, accept);
      expect(headers.get('content-type')).toBe('application/json');
      sameAs(text.replace('192.0.2.10:6443', '192.0.2.10:16443'), body);
    }
  });

  const documents = Object.entries(golden).filter(
    ([path]) => /^\/apis?\//.test(path) && !path.includes('/apps'),
  );
  it.each(documents)('%s', async (path, body) => {
    sameAs((await get(path)).text, body);
  });

  it('/openapi/v3: an address for each group and version, and a document at each', async () => {
    const { paths } = recordOf(parse((await get('/openapi/v3')).text));
    expect(Object.keys(recordOf(paths))).toEqual(
      expect.arrayContaining(['api/v1', 'apis/discovery.k8s.io/v1', 'apis/networking.k8s.io/v1']),
    );
    for (const place of Object.values(recordOf(paths))) {
      const { status, headers } = await get(String(recordOf(place).serverRelativeURL));
      expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
      expect(headers.get('cache-control')).toBe('public, immutable');
    }
  });

  it.each([
    ['/openapi/v2 application/json', 'application/json'],
    [
      '/openapi/v2 application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
      'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
    ],
  ])('%s', async (title, accept) => {
    const { headers: told } = recordOf(golden[title]);
    const { status, headers } = await get('/openapi/v2', accept);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(recordOf(told)['Content-Type']);
    expect(headers.get('etag')).toMatch(/^".+"$/);
  });

  it('small list headers', async () => {
    const { headers } = await get('/api/v1/namespaces/default/services');
    expect(headers.get('audit-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('cache-control')).toBe('no-cache, private');
    expect(headers.get('date')).toMatch(/GMT$/);
  });
});

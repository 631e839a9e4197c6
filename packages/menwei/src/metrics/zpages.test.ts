/** /configz, /flagz and /statusz over HTTP. */

import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { HttpListener } from '../http/http-listener.ts';
import { silentLogger } from '../log/logger.ts';
import { BUILD } from '../setup/version.ts';
import { startMetricsServer } from './metrics-server.ts';
import { ProxyMetrics } from './proxy-metrics.ts';
import type { Introspection } from './zpages.ts';

const STARTED_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const ALL: Introspection = {
  configuration: () => ({ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', mode: 'nftables' }),
  flags: { v: '2', 'proxy-mode': 'nftables', 'nodeport-addresses': '[]' },
  build: { startedAtMs: STARTED_MS, binaryVersion: '1.36.2+menwei.0.1.0', emulationVersion: '1.36' },
};
const WARNING =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';

describe('the pages about the process', () => {
  let server: HttpListener | undefined;
  afterEach(() => server?.close());

  async function start(introspection: Introspection | undefined) {
    server = startMetricsServer({
      address: { host: '127.0.0.1', port: 0 },
      metrics: new ProxyMetrics({ mode: 'nftables', build: BUILD }),
      mode: () => 'nftables',
      ...(introspection === undefined ? {} : { introspection }),
      logger: silentLogger,
    });
    const { port } = await server.listening;
    return async (path: string, accept?: string) => {
      const headers: Record<string, string> = accept === undefined ? {} : { accept };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      const type = response.headers.get('content-type');
      return { status: response.status, type, body: await response.text() };
    };
  }

  it('/configz has the configuration under its group', async () => {
    const get = await start(ALL);
    expect(await get('/configz')).toEqual({
      status: 200,
      type: 'application/json',
      body: '{"kubeproxy.config.k8s.io":{"apiVersion":"kubeproxy.config.k8s.io/v1alpha1","mode":"nftables"}}',
    });
  });

  it('/flagz has all flags, sorted', async () => {
    const get = await start(ALL);
    expect(await get('/flagz')).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      body: `\nkube-proxy flagz\n${WARNING}\nnodeport-addresses=[]\nproxy-mode=nftables\nv=2\n`,
    });
  });

  it('/statusz has start, versions and paths', async () => {
    const get = await start(ALL);
    const { status, type, body } = await get('/statusz');
    expect([status, type]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(body.replace(/Up: \d+ hr [0-5]\d min [0-5]\d sec/, 'Up: …')).toBe(
      [
        ...['', 'kube-proxy statusz', WARNING, '', 'Started: Fri Jan  2 03:04:05 UTC 2026', 'Up: …'],
        ...[`Node.js version: ${process.version}`, 'Binary version: 1.36.2+menwei.0.1.0'],
        ...['Emulation version: 1.36', 'Paths: /configz /flagz /healthz /metrics /proxyMode /statusz', ''],
      ].join('\n'),
    );
  });

  it.each(['v1beta1', 'v1alpha1'])('are objects of %s for who asks for them', async (version) => {
    const get = await start(ALL);
    const accept = (type: string, kind: string) => `${type};v=${version};g=config.k8s.io;as=${kind}`;
    const flagz = {
      ...{ kind: 'Flagz', apiVersion: `config.k8s.io/${version}`, metadata: { name: 'kube-proxy' } },
      flags: ALL.flags,
    };
    const json = await get('/flagz', accept('application/json', 'Flagz'));
    expect([json.status, json.type, JSON.parse(json.body)]).toEqual([200, 'application/json', flagz]);
    const yaml = await get('/flagz', accept('application/yaml', 'Flagz'));
    expect([yaml.status, yaml.type, parse(yaml.body)]).toEqual([200, 'application/yaml', flagz]);
    const statusz = await get('/statusz', accept('application/json', 'Statusz'));
    expect(JSON.parse(statusz.body)).toEqual({
      ...{ kind: 'Statusz', apiVersion: `config.k8s.io/${version}`, metadata: { name: 'kube-proxy' } },
      ...{ startTime: '2026-01-02T03:04:05Z', uptimeSeconds: expect.any(Number) },
      ...{ binaryVersion: '1.36.2+menwei.0.1.0', emulationVersion: '1.36' },
      paths: ['/configz', '/flagz', '/healthz', '/metrics', '/proxyMode', '/statusz'],
    });
  });

  const JSON_FLAGZ = 'application/json;v=v1beta1;g=config.k8s.io;as=Flagz';
  it.each([
    ['*/*', 'text/plain; charset=utf-8'],
    ['text/*', 'text/plain; charset=utf-8'],
    ['text/plain;charset=utf-8', 'text/plain; charset=utf-8'],
    ['text/html,application/xml;q=0.9,*/*;q=0.8', 'text/plain; charset=utf-8'],
    ['application/json;v=foo;g=config.k8s.io;as=Flagz,*/*', 'text/plain; charset=utf-8'],
    [`text/plain;q=0.5,${JSON_FLAGZ}`, 'application/json'],
    [`${JSON_FLAGZ};q=0.1,text/plain`, 'text/plain; charset=utf-8'],
    ['application/json', undefined],
    ['application/json;v=v1beta1;g=config.k8s.io', undefined],
    ['application/json;v=v1beta1;g=config.k8s.io;as=Statusz', undefined],
    ['application/xml', undefined],
    ['text/plain;q=0', undefined],
  ])('accept %s: %s', async (accept, expected) => {
    const get = await start(ALL);
    const { status, type, body } = await get('/flagz', accept);
    if (expected !== undefined) expect([status, type]).toEqual([200, expected]);
    else {
      expect([status, type]).toEqual([406, 'application/json']);
      expect(JSON.parse(body)).toMatchObject({ kind: 'Status', reason: 'NotAcceptable', code: 406 });
    }
  });

  it('are not there without their feature gates', async () => {
    const get = await start({ configuration: ALL.configuration, flags: undefined, build: undefined });
    const statuses = ['/configz', '/flagz', '/statusz', '/debug/pprof/', '/debug/flags/v'].map(
      async (path) => (await get(path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 404, 404, 404, 404]);
  });

  it('are not there where nobody tells', async () => {
    const get = await start(undefined);
    expect((await get('/configz')).status).toBe(404);
  });
});

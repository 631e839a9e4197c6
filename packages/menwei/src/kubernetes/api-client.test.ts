import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { PATH, useClientFixture } from '@menwei/testing/kubernetes/client-fixture.ts';
import { sendStatus, testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { describe, expect, it } from 'vitest';
import { createApiClient } from './api-client.ts';
import { plainConnection } from './connection.ts';

const fixture = useClientFixture();

describe('failures', () => {
  it.each([
    [401, 'Unauthorized', 'unauthorized', 'the credentials are not accepted (401: Unauthorized)'],
    [404, '', 'not-found', 'the server does not have this resource (404)'],
    [410, 'too old', 'gone', 'the resource version is too old or unknown (410: too old)'],
    [429, 'slow\ndown', 'overloaded', 'the server is unavailable (429: slow down)'],
    [503, 'starting', 'overloaded', 'the server is unavailable (503: starting)'],
    [400, 'limit', 'refused', 'refused (400: limit)'],
  ])('%i is told in one line', async (code, message, kind, words) => {
    using _ = fixture.server.intercept((_request, response) => {
      sendStatus(response, code, message);
      return true;
    });
    expect(await fixture.failure({})).toEqual([kind, `${fixture.server.url}${PATH}: ${words}`]);
  });

  it('403 is told in the words of the server', async () => {
    const message =
      'nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope';
    using _ = fixture.server.intercept((_request, response) => {
      sendStatus(response, 403, message);
      return true;
    });
    expect(await fixture.failure({})).toEqual(['forbidden', message]);
  });

  it('a version from before a restore counts as gone', async () => {
    using _ = fixture.server.intercept((_request, response) => {
      response.statusCode = 504;
      response.end(
        JSON.stringify({
          message: 'Too large',
          details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
        }),
      );
      return true;
    });
    expect(await fixture.failure({})).toEqual(['gone', expect.stringContaining('504: Too large')]);
  });

  it('an answer of something that is no API server', async () => {
    using _ = fixture.server.intercept((_request, response) => {
      response.statusCode = 502;
      response.end('<html>Bad gateway</html>');
      return true;
    });
    expect(await fixture.failure({})).toEqual([
      'overloaded',
      `${fixture.server.url}${PATH}: the server is unavailable (502)`,
    ]);
  });

  it('a refused connection', async () => {
    const { port } = fixture.server;
    await fixture.server[Symbol.asyncDispose]();
    const url = `https://127.0.0.1:${port}`;
    expect(await fixture.failure({ server: url })).toEqual([
      'unreachable',
      `${url} is unreachable: connection refused (ECONNREFUSED)`,
    ]);
  });

  it('a server that accepts and says nothing', async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    expect(await fixture.failure({ server: url }, { silenceMs: 50 })).toEqual([
      'unreachable',
      `${url} is unreachable: timed out waiting for a response (UND_ERR_HEADERS_TIMEOUT)`,
    ]);
    await fixture.closeClients();
    silent.close();
  });

  it('a connection cut in the middle of the body', async () => {
    using _ = fixture.server.intercept((_request, response) => {
      response.write('{', () => response.destroy());
      return true;
    });
    expect(await fixture.failure({})).toEqual(['unreachable', expect.stringContaining('is unreachable')]);
  });

  it('the end of the program', async () => {
    using _ = fixture.server.intercept(() => true);
    const reason = new Error('shutting down');
    const reading = fixture.read(fixture.clientOf({}), {
      signal: AbortSignal.any([AbortSignal.abort(reason)]),
    });
    await expect(reading).rejects.toBe(reason);
  });
});

describe('bodies', () => {
  it('are asked for compressed where it pays, and unpacked', async () => {
    using _ = fixture.server.intercept(({ headers }, response) => {
      const zipped = headers['accept-encoding'] === 'gzip';
      if (zipped) response.setHeader('content-encoding', 'gzip');
      response.end(zipped ? gzipSync('packed') : 'plain');
      return true;
    });
    expect(await fixture.read(fixture.clientOf({}), { compressed: true })).toBe('packed');
    expect(await fixture.read(fixture.clientOf({}))).toBe('plain');
    expect(await fixture.read(fixture.clientOf({ disableCompression: true }), { compressed: true })).toBe(
      'plain',
    );
  });

  it('that are packed badly are a failure', async () => {
    using _ = fixture.server.intercept((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('packed').subarray(0, 12));
      return true;
    });
    expect(await fixture.failure({}, { compressed: true })).toEqual(['unreachable', expect.anything()]);
  });

  it('come over one connection, one after the other', async () => {
    const client = fixture.clientOf({});
    for (let i = 0; i < 5; i++) await fixture.read(client);
    expect(fixture.server.connections).toBe(1);
  });
});

describe('what is observed', () => {
  const told: unknown[] = [];
  const tell =
    (what: string) =>
    (_request: object, ...values: readonly unknown[]) =>
      void told.push([what, ...values]);
  const observer = {
    waited: tell('waited'),
    answered: tell('answered'),
    completed: (_request: object, _seconds: number, ...bytes: readonly number[]) =>
      void told.push(['completed', ...bytes]),
  };

  it.each<[string, Readonly<Record<string, string>>, readonly unknown[]]>([
    [
      'a list',
      {},
      [
        ['waited', expect.any(Number)],
        ['answered', 200],
        ['completed', 0, expect.any(Number)],
      ],
    ],
    [
      'a watch',
      { watch: 'true' },
      [
        ['waited', expect.any(Number)],
        ['answered', 200],
      ],
    ],
  ])('of %s', async (_what, query, expected) => {
    told.length = 0;
    using _ = fixture.server.intercept((_request, response) => {
      response.end('{}');
      return true;
    });
    const connection = {
      ...plainConnection(fixture.server.url),
      certificateAuthority: { file: testdata('ca.crt') },
    };
    const client = createApiClient(connection, { userAgent: 'menwei/test', qps: -1, burst: 1, observer });
    const signal = new AbortController().signal;
    for await (const _chunk of await client.get(PATH, query, { signal, silenceMs: 5000 }));
    await client.close();
    expect(told).toEqual(expected);
  });

  it('of a server that does not answer', async () => {
    told.length = 0;
    const client = createApiClient(plainConnection('http://127.0.0.1:1'), {
      ...{ userAgent: 'menwei/test', qps: -1, burst: 1, observer },
    });
    const signal = new AbortController().signal;
    await expect(client.get(PATH, {}, { signal, silenceMs: 5000 })).rejects.toThrow();
    await client.close();
    expect(told).toEqual([
      ['waited', expect.any(Number)],
      ['answered', undefined],
    ]);
  });
});

describe('writing', () => {
  const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';
  const write = (method: 'POST' | 'PATCH', path: string, body: unknown) =>
    fixture.clientOf({}).write({ method, path, body, signal: new AbortController().signal, silenceMs: 5000 });

  it('sends an object, and says what the server has against it', async () => {
    const event = {
      ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'a', namespace: 'default' } },
      ...{ eventTime: '2026-01-02T03:04:05.000000Z', reportingController: 'c', reportingInstance: 'i' },
      ...{ action: 'A', reason: 'R', type: 'Normal', note: '', regarding: { kind: 'Node', name: 'n' } },
    };
    await write('POST', EVENTS, event);
    expect(fixture.server.events.all()).toEqual([event]);
    await expect(write('POST', EVENTS, event)).rejects.toMatchObject({ failure: 'conflict' });
    await expect(write('POST', EVENTS, { ...event, reason: '' })).rejects.toMatchObject({
      failure: 'refused',
    });
    const series = { count: 2, lastObservedTime: '2026-01-02T03:04:05.000000Z' };
    await write('PATCH', `${EVENTS}/a`, { series });
    expect(fixture.server.events.all()).toEqual([{ ...event, series }]);
    await expect(write('PATCH', `${EVENTS}/b`, { series })).rejects.toMatchObject({ failure: 'not-found' });
  });
});

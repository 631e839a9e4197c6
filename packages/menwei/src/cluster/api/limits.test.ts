/** What clients may do to the API server without hurting anybody else. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import { MOST_WRITES } from './in-flight.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

let api: TestApi;
const sockets: Socket[] = [];
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await api.close();
});

async function open(): Promise<Socket> {
  const socket = connect(api.port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

const closed = (socket: Socket) =>
  socket.closed ? Promise.resolve() : new Promise<void>((resolve) => socket.once('close', () => resolve()));

function write(name: string, data: string): Promise<unknown> {
  return api.registry.create(resourceOf('', 'configmaps'), 'default', {
    ...{ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } },
    ...{ data: { a: data } },
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  const [, value] = new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (.*)$`, 'm').exec(text) ?? [];
  return Number(value);
}

const WATCHERS = 'apiserver_registered_watchers';
const isAnswered = async () => (await fetch(`${api.url}${CONFIG_MAPS}`)).status === 200;

describe('the API server', () => {
  it('cuts a watcher that does not read, and no other', async () => {
    const silent = await open();
    silent.pause();
    silent.write(`GET ${CONFIG_MAPS}?watch=1 HTTP/1.1\r\nhost: a\r\n\r\n`);
    const reading = await fetch(`${api.url}${CONFIG_MAPS}?watch=1`);
    let bytes = 0;
    const read = (async () => {
      for await (const chunk of reading.body ?? []) {
        bytes += chunk.length;
        if (bytes > 40e6) break;
      }
    })();
    await expect.poll(() => metric(WATCHERS)).toBe(2);
    for (let index = 0; index < 40; index++) {
      await write(`big-${index}`, 'x'.repeat(1_000_000));
      // As somebody who reads sees them come.
      await expect.poll(() => bytes, { interval: 1 }).toBeGreaterThanOrEqual((index + 1) * 1e6);
    }
    await read;
    await expect.poll(() => metric(WATCHERS)).toBe(0);
  });

  it('forgets watchers that have gone', async () => {
    for (let index = 0; index < 20; index++) {
      (await open()).write(`GET ${CONFIG_MAPS}?watch=1 HTTP/1.1\r\nhost: a\r\n\r\n`);
    }
    await expect.poll(() => metric(WATCHERS)).toBe(20);
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect.poll(() => metric(WATCHERS)).toBe(0);
  });

  it('refuses writes beyond a number that are under way, and goes on reading', async () => {
    for (let index = 0; index < MOST_WRITES; index++) {
      (await open()).write(`POST ${CONFIG_MAPS} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{`);
    }
    await expect
      .poll(() => metric('apiserver_current_inflight_requests{request_kind="mutating"}'))
      .toBe(MOST_WRITES);
    const refused = await fetch(`${api.url}${CONFIG_MAPS}`, { method: 'POST', body: '{}' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({
      reason: 'TooManyRequests',
      details: { retryAfterSeconds: 1 },
    });
    expect(await isAnswered()).toBe(true);
    // Who goes gives up his place.
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect.poll(() => metric('apiserver_current_inflight_requests{request_kind="mutating"}')).toBe(0);
  });

  it.each([
    ['by its length', `content-length: ${4 * 1024 * 1024}\r\n\r\n`, ''],
    ['in chunks', 'transfer-encoding: chunked\r\n\r\n', `400000\r\n${'x'.repeat(0x400000)}\r\n0\r\n\r\n`],
  ])('refuses a body that is too long, %s', async (_, head, body) => {
    const socket = await open();
    socket.write(
      `POST ${CONFIG_MAPS} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${head}${body}`,
    );
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('HTTP/1.1 413 ');
    expect(await isAnswered()).toBe(true);
  });

  it.each([
    ['a half request line', 'GET /api'],
    ['no end of headers', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(20_000)}`],
    ['a path without end', `GET /${'a'.repeat(200_000)}`],
    ['bytes that are no HTTP', '\u0000\u0001\u0002\r\n\r\n'],
    ['two requests at once', `GET /api HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(50)],
  ])('goes on after %s', async (_, bytes) => {
    const socket = (await open()).resume();
    socket.write(bytes);
    socket.end();
    await closed(socket);
    expect(await isAnswered()).toBe(true);
  });

  it('answers any body with an object or a Status', async () => {
    const types = [
      'application/json',
      'application/yaml',
      'application/vnd.kubernetes.protobuf',
      'text/plain',
      '',
    ];
    const bodies = [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      '{"metadata":[]}',
      'k8s\0\u0001',
      '&a [*a]',
      '{"a":'.repeat(5000),
    ];
    for (const type of types) {
      for (const body of bodies) {
        const response = await fetch(`${api.url}${CONFIG_MAPS}`, {
          method: 'POST',
          headers: type === '' ? {} : { 'content-type': type },
          body,
        });
        expect(await response.json()).toMatchObject({ kind: 'Status', status: 'Failure' });
        expect(response.status).toBeLessThan(500);
      }
    }
  });

  it('tells nobody a piece of what goes wrong inside', async () => {
    await api.close();
    api = await startTestApi({
      access: {
        authenticate: () => {
          throw new Error('the secret is 42');
        },
        actFor: (sender) => sender,
        authorize: () => undefined,
        review: (_resource, _namespace, object) => object,
        issueToken: (_namespace, _name, request) => request,
      },
    });
    const response = await fetch(`${api.url}${CONFIG_MAPS}`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('42');
  });
});

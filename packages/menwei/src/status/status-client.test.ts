import { createServer, type RequestListener } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { listen } from '../http/http-listener.ts';
import { closeHttpServer } from '../http/http-server.ts';
import { fetchStatus, followStatus, hasListed, StatusError, type StatusNews } from './status-client.ts';

const ROW = { servicePort: 'ns/web/TCP', family: 'IPv4', state: 'programmed', sinceMs: 1 };

async function ask(handler: RequestListener): Promise<unknown> {
  const server = createServer(handler);
  const address = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
    expect.unreachable(cause.message),
  );
  try {
    const text = await fetchStatus(address, new AbortController().signal).catch((error: unknown) => {
      if (error instanceof StatusError) return error.message.replace(/127\.0\.0\.1:\d+/g, 'PROXY');
      throw error;
    });
    return text;
  } finally {
    await closeHttpServer(server);
  }
}

describe('the status of a proxy', () => {
  it('is what it answers', async () => {
    const text = JSON.stringify([ROW]);
    expect(await ask((_request, response) => response.end(text))).toEqual({ rows: [ROW], text });
  });

  it.each<[string, RequestListener, RegExp]>([
    [
      'another program',
      (_request, response) => response.writeHead(404).end('404 page not found\n'),
      /^PROXY has no \/status: what answers there is not menwei \(kube-proxy has none\)$/,
    ],
    [
      'a failure',
      (_request, response) => response.writeHead(500).end('x'),
      /^PROXY: \/status was answered with HTTP 500$/,
    ],
    [
      'another form',
      (_request, response) => response.end('{}'),
      /^PROXY: the answer to \/status is not in the form of this version of menwei$/,
    ],
    [
      'an answer that breaks off',
      (_request, response) => {
        response.write('[');
        setImmediate(() => response.destroy());
      },
      /^can't read http:\/\/PROXY\/status: .*; is menwei running\?/,
    ],
  ])('is told of in one line when it is %s', async (_title, handler, line) => {
    expect(await ask(handler)).toMatch(line);
  });

  it('is not waited for when nobody listens', async () => {
    const server = createServer();
    const address = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
      expect.unreachable(cause.message),
    );
    await closeHttpServer(server);
    await expect(fetchStatus(address, new AbortController().signal)).rejects.toThrow(
      `can't read http://127.0.0.1:${address.port}/status: connect ECONNREFUSED 127.0.0.1:${address.port}; is menwei running?`,
    );
  });
});

describe('whether a proxy has listed everything', () => {
  it.each([
    ['[{"name":"source","state":"running"}]', true],
    ['[{"name":"source","state":"starting"}]', false],
    ['[{"name":"proxy-ipv4","state":"running"}]', false],
    ['nonsense', false],
  ])('is what %s says', async (text, expected) => {
    const server = createServer((_request, response) => response.end(text));
    const address = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
      expect.unreachable(cause.message),
    );
    expect(await hasListed(address, new AbortController().signal)).toBe(expected);
    await closeHttpServer(server);
  });
});

it('whether a proxy has listed everything is told of as what was asked', async () => {
  const server = createServer((_request, response) => response.writeHead(500).end('x'));
  const address = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
    expect.unreachable(cause.message),
  );
  const place = `127.0.0.1:${address.port}`;
  const asked = () => hasListed(address, new AbortController().signal);
  await expect(asked()).rejects.toThrow(`${place}: /components was answered with HTTP 500`);
  await closeHttpServer(server);
  await expect(asked()).rejects.toThrow(`can't read http://${place}/components: connect ECONNREFUSED`);
});

describe('the changes of a proxy', () => {
  async function follow(lines: string, count: number): Promise<readonly unknown[]> {
    const server = createServer((_request, response) => response.end(lines));
    const address = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
      expect.unreachable(cause.message),
    );
    const told: (StatusNews | string)[] = [];
    try {
      for await (const news of followStatus(address, new AbortController().signal)) {
        told.push(news);
        if (told.length === count) break;
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      told.push(error.message.replace(/127\.0\.0\.1:\d+/g, 'PROXY'));
    } finally {
      await closeHttpServer(server);
    }
    return told;
  }

  const GONE = { servicePort: 'ns/web/TCP', family: 'IPv4', state: 'deleted' };
  const text = (...lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

  it('are all rows at once, then one after the other, until it ends', async () => {
    const other = { ...ROW, servicePort: 'ns/db/TCP' };
    expect(await follow(text(ROW, other, { listed: true }, GONE, ROW), 10)).toEqual([
      { rows: [ROW, other] },
      { row: GONE },
      { row: ROW },
      'the proxy at PROXY has ended',
    ]);
  });

  it.each([
    ['no JSON', 'x\n'],
    ['another form', '{"a":1}\n'],
  ])('are not taken from what is %s', async (_what, lines) => {
    expect(await follow(lines, 10)).toEqual([
      'PROXY: the answer to /status is not in the form of this version of menwei',
    ]);
  });

  it.each<[string, number]>([
    ['is no status', 200],
    ['is a failure', 500],
  ])('leave no connection when what is answered %s and goes on for ever', async (_what, code) => {
    const server = createServer((_request, response) => {
      response.writeHead(code);
      const more = setInterval(() => response.write('<html>\n'), 1);
      response.once('close', () => clearInterval(more));
    });
    const address = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
      expect.unreachable(cause.message),
    );
    const following = followStatus(address, new AbortController().signal);
    await expect(following.next()).rejects.toThrow(StatusError);
    const connections = () => promisify(server.getConnections.bind(server))();
    await expect.poll(connections).toBe(0);
    await closeHttpServer(server);
  });
});

import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ApiClient, createApiClient, type GetOptions } from './api-client.ts';
import { type Connection, type ExecPlugin, plainConnection } from './connection.ts';
import { FakeApiServer, type FakeRequest, sendStatus, testdata } from './fake-api-server.ts';
import { inClusterConnection } from './in-cluster.ts';

const PATH = '/api/v1/nodes';

let server: FakeApiServer;
let folder: string;
const clients: ApiClient[] = [];

beforeEach(async () => {
  server = await FakeApiServer.start();
  folder = mkdtempSync(join(tmpdir(), 'menwei-client-'));
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function clientOf(change: Partial<Connection>): ApiClient {
  const connection = {
    ...plainConnection(server.url),
    certificateAuthority: { file: testdata('ca.crt') },
    ...change,
  };
  const client = createApiClient(connection, { userAgent: 'menwei/test', qps: -1, burst: 1 });
  clients.push(client);
  return client;
}

async function read(client: ApiClient, options: Partial<GetOptions> = {}): Promise<string> {
  const signal = new AbortController().signal;
  const chunks: Buffer[] = [];
  for await (const chunk of await client.get(PATH, { limit: '1' }, { signal, silenceMs: 5000, ...options })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What the server saw of a request made over a connection. */
async function seen(change: Partial<Connection>): Promise<FakeRequest> {
  await read(clientOf(change));
  const request = server.requests.at(-1);
  if (request === undefined) throw new Error('no request arrived');
  return request;
}

async function failure(
  change: Partial<Connection>,
  options: Partial<GetOptions> = {},
): Promise<[string, string]> {
  try {
    await read(clientOf(change), options);
  } catch (error) {
    if (error instanceof Error && 'failure' in error) return [String(error.failure), error.message];
    throw error;
  }
  throw new Error('the request did not fail');
}

/** A file in the test's folder, replaced in one step as the kubelet does it. */
function write(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
  return file;
}

const text = (name: string): string => readFileSync(testdata(name), 'utf8');

describe('credentials', () => {
  it('sends nothing when there are none', async () => {
    const { headers, clientName } = await seen({});
    expect(headers).toMatchObject({ 'user-agent': 'menwei/test', accept: 'application/json' });
    expect(headers.authorization).toBeUndefined();
    expect(clientName).toBe('');
  });

  it('sends a token, a password, an impersonated user', async () => {
    const token = await seen({ login: { kind: 'token', token: { text: 'abc' } } });
    expect(token.headers.authorization).toBe('Bearer abc');
    const basic = await seen({ login: { kind: 'basic', username: 'me', password: 'wörd' } });
    expect(basic.headers.authorization).toBe(`Basic ${Buffer.from('me:wörd').toString('base64')}`);
    const other = await seen({
      impersonation: { 'impersonate-user': 'jane', 'impersonate-group': ['a', 'b'] },
    });
    expect(other.headers).toMatchObject({ 'impersonate-user': 'jane', 'impersonate-group': 'a, b' });
  });

  it('follows a token file, also through a moment without one', async () => {
    const file = write('token', 'first\n');
    const client = clientOf({ login: { kind: 'token', token: { file } } });
    const tokens: (string | undefined)[] = [];
    const request = async () => {
      await read(client);
      tokens.push(server.requests.at(-1)?.headers.authorization);
    };
    await request();
    write('token', 'second\n');
    await request();
    rmSync(file);
    await request();
    write('token', '');
    await request();
    expect(tokens).toEqual(['Bearer first', 'Bearer second', 'Bearer second', 'Bearer second']);
  });

  it('follows a client certificate on disk', async () => {
    const certificate = { file: write('tls.crt', text('client.crt')) };
    const key = { file: write('tls.key', text('client.key')) };
    const client = clientOf({ clientCertificate: { certificate, key } });
    await read(client);
    write('tls.crt', text('client2.crt'));
    write('tls.key', text('client2.key'));
    await read(client);
    expect(server.requests.map(({ clientName }) => clientName)).toEqual(['first-client', 'second-client']);
  });

  it('uses the service account of a pod', async () => {
    write('token', 'account');
    write('ca.crt', text('ca.crt'));
    const environment = {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(server.port),
    };
    const { headers } = await seen(await inClusterConnection(environment, folder));
    expect(headers.authorization).toBe('Bearer account');
  });

  it.each<[string, Partial<Connection>, string]>([
    [
      'a missing token file',
      { login: { kind: 'token', token: { file: '/no/token' } } },
      "/no/token: can't be read (ENOENT)",
    ],
    [
      'a token that is none',
      { login: { kind: 'token', token: { text: 'a secret\nthing' } } },
      'kubeconfig: the token holds blanks or control characters',
    ],
    [
      'an authority that is none',
      { certificateAuthority: { file: testdata('server.key') } },
      `${testdata('server.key')}: is not a certificate`,
    ],
    [
      "another key's certificate",
      {
        clientCertificate: {
          certificate: { file: testdata('client.crt') },
          key: { file: testdata('client2.key') },
        },
      },
      `${testdata('client.crt')}, ${testdata('client2.key')}: can't be used: `,
    ],
  ])('says what is wrong with %s', async (_, change, message) => {
    expect(await failure(change)).toEqual(['credentials', expect.stringContaining(message)]);
  });
});

describe('exec plugins', () => {
  /** A plugin that counts its runs and runs `script`, a shell script; `$n` is the number of the run. */
  function plugin(script: string, change: Partial<ExecPlugin> = {}): Partial<Connection> {
    const command = write(
      'plugin',
      `#!/bin/sh\necho run >> "${folder}/runs"\nn=$(wc -l < "${folder}/runs")\n${script}\n`,
    );
    chmodSync(command, 0o755);
    const plain = {
      apiVersion: V1 as ExecPlugin['apiVersion'],
      command,
      args: [],
      env: {},
      installHint: '',
      provideClusterInfo: false,
    };
    return { login: { kind: 'exec', plugin: { ...plain, clusterConfig: undefined, ...change } } };
  }

  const V1 = 'client.authentication.k8s.io/v1';
  const answer = (status: object, apiVersion = V1): string =>
    `cat <<END\n${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}\nEND`;
  const runs = (): number => readFileSync(join(folder, 'runs'), 'utf8').split('\n').length - 1;
  const tokens = (): (string | undefined)[] => server.requests.map(({ headers }) => headers.authorization);

  it('are run once for many requests', async () => {
    const client = clientOf(plugin(answer({ token: 'token-$n' })));
    await Promise.all([read(client), read(client)]);
    await read(client);
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1']);
    expect(runs()).toBe(1);
  });

  it('are run again when the credential has expired', async () => {
    const client = clientOf(
      plugin(answer({ token: 'token-$n', expirationTimestamp: '2020-01-01T00:00:00Z' })),
    );
    await read(client);
    await read(client);
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('are not run again before it expires', async () => {
    const client = clientOf(
      plugin(answer({ token: 'token-$n', expirationTimestamp: '2099-01-01T00:00:00Z' })),
    );
    await read(client);
    await read(client);
    expect(runs()).toBe(1);
  });

  it('are run again when the server refuses the credential', async () => {
    using _ = server.intercept(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') return false;
      sendStatus(response, 401, 'Unauthorized');
      return true;
    });
    await read(clientOf(plugin(answer({ token: 'token-$n' }))));
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('are asked once more only', async () => {
    using _ = server.intercept((_request, response) => {
      sendStatus(response, 401, 'Unauthorized');
      return true;
    });
    expect(await failure(plugin(answer({ token: 'x' })))).toEqual([
      'unauthorized',
      `${server.url}${PATH}: the credentials are not accepted (401: Unauthorized)`,
    ]);
    expect(runs()).toBe(2);
  });

  it('can give a client certificate', async () => {
    const status = { clientCertificateData: text('client.crt'), clientKeyData: text('client.key') };
    write('answer', JSON.stringify({ kind: 'ExecCredential', apiVersion: V1, status }));
    expect((await seen(plugin(`cat "${folder}/answer"`))).clientName).toBe('first-client');
  });

  it('get arguments, environment and the cluster they log in to', async () => {
    const script = `printf '%s' "$KUBERNETES_EXEC_INFO" > "${folder}/info"; ${answer({ token: '$1-$MINE' })}`;
    const change = {
      args: ['one; two'],
      env: { MINE: 'three' },
      provideClusterInfo: true,
      clusterConfig: { a: 1 },
    };
    const connection = { ...plugin(script, change), tlsServerName: 'api.cluster.test' };
    expect(await failure(connection)).toEqual([
      'credentials',
      expect.stringContaining('blanks or control characters'),
    ]);
    expect(JSON.parse(readFileSync(join(folder, 'info'), 'utf8'))).toEqual({
      apiVersion: V1,
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: {
          server: server.url,
          'tls-server-name': 'api.cluster.test',
          'certificate-authority-data': Buffer.from(text('ca.crt')).toString('base64'),
          config: { a: 1 },
        },
      },
    });
    await read(clientOf(plugin(script, { args: ['one'], env: { MINE: 'three' } })));
    expect(tokens()).toEqual(['Bearer one-three']);
  });

  it('may speak v1beta1', async () => {
    const apiVersion = 'client.authentication.k8s.io/v1beta1';
    expect(
      (await seen(plugin(answer({ token: 'x' }, apiVersion), { apiVersion }))).headers.authorization,
    ).toBe('Bearer x');
  });

  it.each([
    [
      'exits with an error',
      'echo first >&2; echo "please log in" >&2; exit 3',
      'failed (exit status 3): please log in',
    ],
    ['prints no JSON', 'echo secret', 'did not print an ExecCredential'],
    ['gives nothing', answer({}), 'gave neither a token nor a certificate'],
    [
      'gives half a certificate',
      answer({ clientKeyData: 'x' }),
      'must give clientCertificateData and clientKeyData together',
    ],
    [
      'gives a bad time',
      answer({ token: 'x', expirationTimestamp: 'soon' }),
      'did not print an ExecCredential (look at status.expirationTimestamp)',
    ],
    ['speaks another version', answer({ token: 'x' }, 'v0'), `answered in v0 but ${V1} is configured`],
  ])('fail clearly: one that %s', async (_, script, message) => {
    expect(await failure(plugin(script))).toEqual([
      'credentials',
      `exec plugin ${join(folder, 'plugin')}: ${message}`,
    ]);
  });

  it('fail with their hint when they are not there', async () => {
    const change = { command: 'no-such-login', installHint: 'install it\nfrom there' };
    expect(await failure(plugin('', change))).toEqual([
      'credentials',
      'exec plugin no-such-login: not found; install it from there',
    ]);
  });
});

describe('TLS', () => {
  it('needs the right authority', async () => {
    expect(await failure({ certificateAuthority: { file: testdata('other-ca.crt') } })).toEqual([
      'certificate',
      `${server.url}: TLS handshake failed: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN)`,
    ]);
  });

  it('needs the right name', async () => {
    expect(await failure({ tlsServerName: 'other.test' })).toEqual([
      'certificate',
      expect.stringMatching(/TLS handshake failed: .*other\.test.* \(ERR_TLS_CERT_ALTNAME_INVALID\)$/),
    ]);
  });

  it.each(['api.cluster.test', '127.0.0.1'])('can expect the name %s', async (tlsServerName) => {
    await seen({ server: `https://localhost:${server.port}`, tlsServerName });
  });

  it('can do without verification', async () => {
    await seen({ certificateAuthority: undefined, skipTlsVerify: true });
  });

  it('follows a rotated authority', async () => {
    const client = clientOf({ certificateAuthority: { file: write('ca.crt', text('other-ca.crt')) } });
    await expect(read(client)).rejects.toThrow('TLS handshake failed');
    write('ca.crt', text('ca.crt'));
    await read(client);
  });

  it('says so when the server does not speak it', async () => {
    await using plain = await FakeApiServer.start({ tls: false });
    expect(await failure({ server: plain.url.replace('http:', 'https:') })).toEqual([
      'certificate',
      expect.stringContaining('TLS handshake failed'),
    ]);
  });
});

describe('proxies', () => {
  async function startProxy(refuse = false) {
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const proxy = createProxy().on('connect', (request, socket: Socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      if (refuse) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const [host, port] = String(request.url).split(':');
      const target = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      for (const one of [socket, target]) {
        sockets.add(one);
        one.on('error', () => undefined);
      }
      return socket.pipe(target).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    return {
      asked,
      port,
      [Symbol.asyncDispose]: async () => {
        for (const socket of sockets) socket.destroy();
        proxy.closeAllConnections();
        await new Promise((resolve) => proxy.close(resolve));
      },
    };
  }

  it('are tunnelled through, TLS and credentials inside', async () => {
    await using proxy = await startProxy();
    const certificate = { file: testdata('client.crt') };
    const { clientName } = await seen({
      proxyUrl: `http://me:word@127.0.0.1:${proxy.port}`,
      clientCertificate: { certificate, key: { file: testdata('client.key') } },
    });
    expect(clientName).toBe('first-client');
    expect(proxy.asked).toEqual([
      `127.0.0.1:${server.port} Basic ${Buffer.from('me:word').toString('base64')}`,
    ]);
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  it('do not weaken the check of the server', async () => {
    await using proxy = await startProxy();
    const proxyUrl = `http://127.0.0.1:${proxy.port}`;
    expect(await failure({ proxyUrl, tlsServerName: 'other.test' })).toEqual([
      'certificate',
      expect.anything(),
    ]);
    await seen({ proxyUrl, tlsServerName: 'api.cluster.test' });
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  it('of the environment must be URLs', () => {
    vi.stubEnv('HTTPS_PROXY', 'http://me:secret@:x');
    expect(() => clientOf({ server: 'https://api.test' })).toThrow(
      'HTTPS_PROXY or HTTP_PROXY: not an http, https or socks5 URL of a proxy',
    );
    vi.unstubAllEnvs();
  });

  it('may speak SOCKS 5', async () => {
    const asked: string[] = [];
    const proxy = createTcpServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', (request) => {
          asked.push(request.toString('hex'));
          const target = connect(server.port, '127.0.0.1', () =>
            socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])),
          );
          for (const one of [socket, target]) one.on('error', () => undefined);
          socket.pipe(target).pipe(socket);
        });
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    await seen({ proxyUrl: `socks5://127.0.0.1:${port}`, server: `https://localhost:${server.port}` });
    expect(asked).toHaveLength(1);
    await Promise.all(clients.splice(0).map((client) => client.close()));
    proxy.close();
  });

  it('that refuse are named', async () => {
    await using proxy = await startProxy(true);
    expect(await failure({ proxyUrl: `http://me:word@127.0.0.1:${proxy.port}` })).toEqual([
      'unreachable',
      expect.stringMatching(/is unreachable: .*403/),
    ]);
  });
});

describe('failures', () => {
  it.each([
    [401, 'Unauthorized', 'unauthorized', 'the credentials are not accepted (401: Unauthorized)'],
    [404, '', 'not-found', 'the server does not have this resource (404)'],
    [410, 'too old', 'gone', 'the resource version is too old or unknown (410: too old)'],
    [429, 'slow\ndown', 'overloaded', 'the server can not answer now (429: slow down)'],
    [503, 'starting', 'overloaded', 'the server can not answer now (503: starting)'],
    [400, 'limit', 'refused', 'refused (400: limit)'],
  ])('%i is told in one line', async (code, message, kind, words) => {
    using _ = server.intercept((_request, response) => {
      sendStatus(response, code, message);
      return true;
    });
    expect(await failure({})).toEqual([kind, `${server.url}${PATH}: ${words}`]);
  });

  it('403 is told in the words of the server', async () => {
    const message =
      'nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope';
    using _ = server.intercept((_request, response) => {
      sendStatus(response, 403, message);
      return true;
    });
    expect(await failure({})).toEqual(['forbidden', message]);
  });

  it('a version from before a restore counts as gone', async () => {
    using _ = server.intercept((_request, response) => {
      response.statusCode = 504;
      response.end(
        JSON.stringify({
          message: 'Too large',
          details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
        }),
      );
      return true;
    });
    expect(await failure({})).toEqual(['gone', expect.stringContaining('504: Too large')]);
  });

  it('an answer of something that is no API server', async () => {
    using _ = server.intercept((_request, response) => {
      response.statusCode = 502;
      response.end('<html>Bad gateway</html>');
      return true;
    });
    expect(await failure({})).toEqual([
      'overloaded',
      `${server.url}${PATH}: the server can not answer now (502)`,
    ]);
  });

  it('a refused connection', async () => {
    const { port } = server;
    await server[Symbol.asyncDispose]();
    const url = `https://127.0.0.1:${port}`;
    server = await FakeApiServer.start();
    expect(await failure({ server: url })).toEqual([
      'unreachable',
      `${url} is unreachable: connection refused (ECONNREFUSED)`,
    ]);
  });

  it('a server that accepts and says nothing', async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    expect(await failure({ server: url }, { silenceMs: 50 })).toEqual([
      'unreachable',
      `${url} is unreachable: no answer in time (UND_ERR_HEADERS_TIMEOUT)`,
    ]);
    await Promise.all(clients.splice(0).map((client) => client.close()));
    silent.close();
  });

  it('a connection cut in the middle of the body', async () => {
    using _ = server.intercept((_request, response) => {
      response.write('{', () => response.destroy());
      return true;
    });
    expect(await failure({})).toEqual(['unreachable', expect.stringContaining('is unreachable')]);
  });

  it('the end of the program', async () => {
    using _ = server.intercept(() => true);
    const reason = new Error('shutting down');
    const reading = read(clientOf({}), { signal: AbortSignal.any([AbortSignal.abort(reason)]) });
    await expect(reading).rejects.toBe(reason);
  });
});

describe('bodies', () => {
  it('are asked for compressed where it pays, and unpacked', async () => {
    using _ = server.intercept(({ headers }, response) => {
      const zipped = headers['accept-encoding'] === 'gzip';
      if (zipped) response.setHeader('content-encoding', 'gzip');
      response.end(zipped ? gzipSync('packed') : 'plain');
      return true;
    });
    expect(await read(clientOf({}), { compressed: true })).toBe('packed');
    expect(await read(clientOf({}))).toBe('plain');
    expect(await read(clientOf({ disableCompression: true }), { compressed: true })).toBe('plain');
  });

  it('that are packed badly are a failure', async () => {
    using _ = server.intercept((_request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('packed').subarray(0, 12));
      return true;
    });
    expect(await failure({}, { compressed: true })).toEqual(['unreachable', expect.anything()]);
  });

  it('come over one connection, one after the other', async () => {
    const client = clientOf({});
    for (let i = 0; i < 5; i++) await read(client);
    expect(server.connections).toBe(1);
  });
});

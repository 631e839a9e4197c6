import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { testText } from '@menwei/testing/kubernetes/client-fixture.ts';
import { parseHealthCheck } from 'menwei/kubernetes/decode-health-check.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { startProbe } from './start-probe.ts';

const servers: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('BUG: no port');
  return address.port;
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

/** A TCP server that says this to each request, or nothing. */
function speaking(says: string | undefined, onSocket: (socket: Socket) => void = () => undefined) {
  return createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
    socket.once('data', () => {
      if (says !== undefined) socket.end(says);
    });
  });
}

/** Asks as the annotation says; `cancelled` where nothing was answered in time. */
function ask(annotation: string, port: number, timeoutMs = 1_000, ip = '127.0.0.1'): Promise<string> {
  const check = parseHealthCheck(annotation);
  if (check === 'none' || 'mistake' in check) throw new Error(`BUG: ${annotation}`);
  return new Promise((resolve) => {
    const asked = { ip, port, timeoutMs, fastMs: 500 };
    const cancel = startProbe(check.probe, asked, 'menwei-health/test', (result, detail) =>
      resolve(`${result} ${detail}`.trim()),
    );
    setTimeout(() => {
      cancel();
      resolve('cancelled');
    }, timeoutMs);
  });
}

async function unusedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('tcp', () => {
  it('connects, and ends with a reset', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const port = await listen(
      createServer((socket) => {
        socket.on('error', (error) => resolve('code' in error ? String(error.code) : ''));
        socket.on('close', () => resolve('closed'));
        socket.resume();
      }),
    );
    expect(await ask('tcp', port)).toBe('ok');
    expect(await promise).toBe('ECONNRESET');
  });

  it('is refused where nobody listens', async () => {
    expect(await ask('tcp', await unusedPort())).toBe('refused');
  });
});

describe('http', () => {
  async function serve(listener: RequestListener): Promise<number> {
    const server = createHttpServer(listener);
    return await listen(server);
  }

  it.each([
    ['http', 200, 'ok'],
    ['http', 302, 'ok'],
    ['http', 503, 'wrong-answer HTTP status 503'],
    ['http expect=200-299', 302, 'wrong-answer HTTP status 302'],
    ['http expect=404', 404, 'ok'],
  ])('%s, status %i: %s', async (annotation, status, expected) => {
    const port = await serve((_, response) => response.writeHead(status).end('x'));
    expect(await ask(annotation, port)).toBe(expected);
  });

  it('asks for the path at the host, and says who asks', async () => {
    const told: unknown[] = [];
    const port = await serve(({ method, url, headers }, response) => {
      told.push(method, url, headers.host, headers['user-agent'], headers.connection);
      response.end();
    });
    expect(await ask('http path=/live?x=1 host=web.example', port)).toBe('ok');
    expect(await ask('http', port)).toBe('ok');
    expect(told).toEqual([
      ...['GET', '/live?x=1', 'web.example', 'menwei-health/test', 'close'],
      ...['GET', '/', `127.0.0.1:${port}`, 'menwei-health/test', 'close'],
    ]);
  });

  it.each([
    ['says something else', 'SSH-2.0-OpenSSH\r\n', 'wrong-answer no HTTP status'],
    ['says too much', `HTTP/1.1 ${'x'.repeat(100_000)}`, 'wrong-answer no HTTP status'],
    ['says nothing', '', 'wrong-answer closed without an answer'],
    ['stops in the middle', 'HTTP/1.1 20', 'wrong-answer no HTTP status'],
  ])('a server that %s', async (_what, says, expected) => {
    expect(await ask('http', await listen(speaking(says)))).toBe(expected);
  });

  it('a server that accepts and stays silent, or resets', async () => {
    expect(await ask('http', await listen(speaking(undefined)), 200)).toBe('cancelled');
    const port = await listen(speaking('', (socket) => socket.resetAndDestroy()));
    expect(await ask('http', port)).toBe('reset');
    expect(await ask('http', await unusedPort())).toBe('refused');
  });

  it('over TLS, whoever has signed the certificate', async () => {
    const tls = { cert: testText('server.crt'), key: testText('server.key') };
    const port = await listen(createHttpsServer(tls, (_, response) => response.end()));
    expect(await ask('https host=web.example', port)).toBe('ok');
    expect(await ask('https expect=500', port)).toBe('wrong-answer HTTP status 200');
  });

  it('over TLS, a body that has no end', async () => {
    const tls = { cert: testText('server.crt'), key: testText('server.key') };
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const server = createHttpsServer(tls, (_, response) => {
      response.on('close', resolve);
      const go = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', go);
      go();
    });
    expect(await ask('https', await listen(server))).toBe('ok');
    await closed;
  });

  it('a body that comes by drops is not waited for', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const port = await serve((_, response) => {
      response.on('close', resolve);
      const drops = setInterval(() => (response.destroyed ? clearInterval(drops) : response.write('x')), 20);
    });
    expect(await ask('http', port, 200)).toBe('ok');
    await closed;
  });

  it('over TLS, to a server that speaks none', async () => {
    const port = await listen(speaking('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await ask('https', port)).toMatch(/^wrong-answer (ERR_SSL|EPROTO)/);
    expect(await ask('https', await unusedPort())).toBe('refused');
  });
});

describe('grpc', () => {
  async function serve(onStream: (stream: ServerHttp2Stream, body: Buffer) => void): Promise<number> {
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      expect(headers[':path']).toBe('/grpc.health.v1.Health/Check');
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => onStream(stream, Buffer.concat(parts)));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return portOf(server);
  }

  function answering(status: number | undefined, grpcStatus = '0') {
    return (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': grpcStatus }));
      const message = status === undefined ? [] : [0x08, status];
      stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
    };
  }

  it.each<[string, number | undefined, string, string]>([
    ['SERVING', 1, '0', 'ok'],
    ['NOT_SERVING', 2, '0', 'wrong-answer NOT_SERVING'],
    ['UNKNOWN', undefined, '0', 'wrong-answer UNKNOWN'],
    ['SERVICE_UNKNOWN', 3, '0', 'wrong-answer SERVICE_UNKNOWN'],
    ['an error', 1, '12', 'wrong-answer grpc-status 12'],
  ])('%s', async (_what, status, grpcStatus, expected) => {
    expect(await ask('grpc', await serve(answering(status, grpcStatus)))).toBe(expected);
  });

  it('names the service, and understands trailers alone', async () => {
    let asked = '';
    const port = await serve((stream, body) => {
      asked = body.toString('latin1');
      stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true });
    });
    expect(await ask('grpc service=orders', port)).toBe('wrong-answer grpc-status 12');
    expect(asked).toBe('\0\0\0\0\u0008\n\u0006orders');
  });

  it('a server that speaks HTTP/1.1, or does not answer', async () => {
    const port = await listen(speaking('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await ask('grpc', port)).toMatch(/^(wrong-answer|reset)/);
    expect(await ask('grpc', await unusedPort())).toBe('refused');
  });
});

describe('udp and dns', () => {
  // Without the right to, as without a route, a datagram socket does not connect.
  it.each(['udp send=hex:01', 'udp send=hex:01 expect=hex:02', 'dns name=example.org'])(
    '%s, where this node cannot ask',
    async (annotation) => {
      expect(await ask(annotation, 53, 1_000, '255.255.255.255')).toMatch(/^local-error/);
    },
  );

  async function serve(onMessage: (socket: UdpSocket, bytes: Buffer, port: number) => void): Promise<number> {
    const socket = createSocket('udp4');
    servers.push(socket);
    socket.on('message', (bytes, { port }) => onMessage(socket, bytes, port));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return socket.address().port;
  }

  function dnsAnswering(code: number, idDifference = 0) {
    return (socket: UdpSocket, bytes: Buffer, port: number) => {
      const answer = Buffer.from(bytes);
      answer.writeUInt16BE((bytes.readUInt16BE(0) + idDifference) & 0xffff, 0);
      answer.writeUInt16BE(0x8180 | code, 2);
      socket.send(answer, port, '127.0.0.1');
    };
  }

  it.each<[string, string, (socket: UdpSocket, bytes: Buffer, port: number) => void, string]>([
    ['the answer', 'udp send=hex:01 expect=hex:02', (s, _, p) => s.send('\u0002x', p, '127.0.0.1'), 'ok'],
    [
      'another answer',
      'udp send=hex:01 expect=hex:02',
      (s, _, p) => s.send('x', p, '127.0.0.1'),
      'wrong-answer another answer than expected',
    ],
    ['no answer', 'udp send=hex:01 expect=hex:02', () => undefined, 'cancelled'],
    ['no answer where none is expected', 'udp send=hex:01', () => undefined, 'ok'],
    ['NOERROR', 'dns name=example.org', dnsAnswering(0), 'ok'],
    ['NXDOMAIN', 'dns name=example.org', dnsAnswering(3), 'ok'],
    ['SERVFAIL', 'dns name=example.org', dnsAnswering(2), 'wrong-answer SERVFAIL'],
    ['REFUSED', 'dns name=example.org', dnsAnswering(5), 'wrong-answer REFUSED'],
    ['the answer to another question', 'dns name=example.org', dnsAnswering(0, 1), 'cancelled'],
    ['half a header', 'dns name=example.org', (s, _, p) => s.send('\u0002x', p, '127.0.0.1'), 'cancelled'],
  ])('%s', async (_what, annotation, onMessage, expected) => {
    expect(await ask(annotation, await serve(onMessage), 400)).toBe(expected);
  });

  it.each(['udp send=hex:01', 'udp send=hex:01 expect=hex:02', 'dns name=example.org'])(
    '%s is refused where nobody listens',
    async (annotation) => {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      const { port } = socket.address();
      await new Promise<void>((resolve) => socket.close(resolve));
      expect(await ask(annotation, port)).toBe('refused');
    },
  );
});

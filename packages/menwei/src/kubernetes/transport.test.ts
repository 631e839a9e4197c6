import { createServer as createProxy } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { testText, useClientFixture } from '@menwei/testing/kubernetes/client-fixture.ts';
import { FakeApiServer, testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { describe, expect, it, vi } from 'vitest';

const fixture = useClientFixture();

describe('TLS', () => {
  it('needs the right authority', async () => {
    expect(await fixture.failure({ certificateAuthority: { file: testdata('other-ca.crt') } })).toEqual([
      'certificate',
      `${fixture.server.url}: TLS handshake failed: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN)`,
    ]);
  });

  it('needs the right name', async () => {
    expect(await fixture.failure({ tlsServerName: 'other.test' })).toEqual([
      'certificate',
      expect.stringMatching(/TLS handshake failed: .*other\.test.* \(ERR_TLS_CERT_ALTNAME_INVALID\)$/),
    ]);
  });

  it.each(['api.cluster.test', '127.0.0.1'])('can expect the name %s', async (tlsServerName) => {
    await fixture.seen({ server: `https://localhost:${fixture.server.port}`, tlsServerName });
  });

  it('can do without verification', async () => {
    await fixture.seen({ certificateAuthority: undefined, skipTlsVerify: true });
  });

  it('follows a rotated authority', async () => {
    const client = fixture.clientOf({
      certificateAuthority: { file: fixture.write('ca.crt', testText('other-ca.crt')) },
    });
    await expect(fixture.read(client)).rejects.toThrow('TLS handshake failed');
    fixture.write('ca.crt', testText('ca.crt'));
    await fixture.read(client);
  });

  it('says so when the server does not speak it', async () => {
    await using plain = await FakeApiServer.start({ tls: false });
    expect(await fixture.failure({ server: plain.url.replace('http:', 'https:') })).toEqual([
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
    const { clientName } = await fixture.seen({
      proxyUrl: `http://me:word@127.0.0.1:${proxy.port}`,
      clientCertificate: { certificate, key: { file: testdata('client.key') } },
    });
    expect(clientName).toBe('first-client');
    expect(proxy.asked).toEqual([
      `127.0.0.1:${fixture.server.port} Basic ${Buffer.from('me:word').toString('base64')}`,
    ]);
    await fixture.closeClients();
  });

  it('do not weaken the check of the server', async () => {
    await using proxy = await startProxy();
    const proxyUrl = `http://127.0.0.1:${proxy.port}`;
    expect(await fixture.failure({ proxyUrl, tlsServerName: 'other.test' })).toEqual([
      'certificate',
      expect.anything(),
    ]);
    await fixture.seen({ proxyUrl, tlsServerName: 'api.cluster.test' });
    await fixture.closeClients();
  });

  it('of the environment must be URLs', () => {
    vi.stubEnv('HTTPS_PROXY', 'http://me:secret@:x');
    expect(() => fixture.clientOf({ server: 'https://api.test' })).toThrow(
      /^HTTPS_PROXY: "http:\/\/\*\*\*@:x" is not an http, https or socks5 URL of a proxy$/,
    );
    vi.unstubAllEnvs();
  });

  it('that can not be reached are named, and why they were asked', async () => {
    const server = 'https://api.test:6443';
    expect(await fixture.failure({ server, proxyUrl: 'http://me:secret@127.0.0.1:1' })).toEqual([
      'unreachable',
      `${server} is unreachable: connection refused (ECONNREFUSED; through the proxy http://***@127.0.0.1:1, proxy-url of the kubeconfig)`,
    ]);
    vi.stubEnv('HTTPS_PROXY', '');
    vi.stubEnv('https_proxy', 'me:secret@127.0.0.1:1');
    vi.stubEnv('NO_PROXY', '10.0.0.0/33,api.test:443');
    expect(await fixture.failure({ server })).toEqual([
      'unreachable',
      `${server} is unreachable: connection refused (ECONNREFUSED; through the proxy http://***@127.0.0.1:1, https_proxy; "10.0.0.0/33" in NO_PROXY can match nothing)`,
    ]);
    vi.unstubAllEnvs();
  });

  it('may speak SOCKS 5', async () => {
    const asked: string[] = [];
    const proxy = createTcpServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', (request) => {
          asked.push(request.toString('hex'));
          const target = connect(fixture.server.port, '127.0.0.1', () =>
            socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])),
          );
          for (const one of [socket, target]) one.on('error', () => undefined);
          socket.pipe(target).pipe(socket);
        });
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    await fixture.seen({
      proxyUrl: `socks5://127.0.0.1:${port}`,
      server: `https://localhost:${fixture.server.port}`,
    });
    expect(asked).toHaveLength(1);
    await fixture.closeClients();
    proxy.close();
  });

  it('that refuse are named', async () => {
    await using proxy = await startProxy(true);
    expect(await fixture.failure({ proxyUrl: `http://me:word@127.0.0.1:${proxy.port}` })).toEqual([
      'unreachable',
      expect.stringMatching(/is unreachable: .*403/),
    ]);
  });
});

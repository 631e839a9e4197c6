/** TLS sessions run over connections that are bounded like others, and certificates are replaced while it runs. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { answer } from './answer.ts';
import { startHttpListener } from './http-listener.ts';
import { OpenConnections } from './open-connections.ts';

/** For 127.0.0.1, for a hundred years. */
const PAIRS = {
  first: {
    cert: `-----BEGIN CERTIFICATE-----
MIIBiDCCAS6gAwIBAgIUVxUrs3Ez+OxMLCUHi/ioiafT3kwwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFZmlyc3QwIBcNMjYxMTMwMTgyMTM2WhgPMjEyNjExMDYxODIx
MzZaMBAxDjAMBgNVBAMMBWZpcnN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
PX/cVOrIgF+sRbrtF0MtuMlOYxYxTjP8SCKaWo0lcMN1CSSRMLlW97E/RHCnWNPE
HmlDStixYkYv9swXZArv9qNkMGIwHQYDVR0OBBYEFHuLeJCvsScmQJ8ljtp/Y2Vf
vudiMB8GA1UdIwQYMBaAFHuLeJCvsScmQJ8ljtp/Y2VfvudiMA8GA1UdEwEB/wQF
MAMBAf8wDwYDVR0RBAgwBocEfwAAATAKBggqhkjOPQQDAgNIADBFAiEA2EGcfvcM
080o3D0o7JYtYu18CvBYaZjsVQydTF7LOKgCIAcwR8YZ8O1/fARoS5DLMWCNG0WH
CJsQQWfOKMoqODMR
-----END CERTIFICATE-----`,
    key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkhI/6zSv1nSVd4nb
2gHWvn8nEv9659NAfDaP8/dBK32hRANCAAQ9f9xU6siAX6xFuu0XQy24yU5jFjFO
M/xIIppajSVww3UJJJEwuVb3sT9EcKdY08QeaUNK2LFiRi/2zBdkCu/2
-----END PRIVATE KEY-----`,
  },
  second: {
    cert: `-----BEGIN CERTIFICATE-----
MIIBijCCATCgAwIBAgIUdWpID7aeLenfAtDGGObnLeERWWQwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGc2Vjb25kMCAXDTI2MTEzMDE4MjEzNloYDzIxMjYxMTA2MTgy
MTM2WjARMQ8wDQYDVQQDDAZzZWNvbmQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATb+gkT9zXu3IhtKza816hhPPDrAOaargzRWJn0WTvMj3Fcsx5uoQ9X3ULycUY2
y7jmrHbIAdW2ZDJhWXNp9RS1o2QwYjAdBgNVHQ4EFgQUcGHUVdSTu9mEWHAhpPmY
jTDgrgAwHwYDVR0jBBgwFoAUcGHUVdSTu9mEWHAhpPmYjTDgrgAwDwYDVR0TAQH/
BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUCICo3KLAi
l0nxEnxqednBBMsng8CNGMuJW2k6g75gaEMvAiEA7nsQ6IY6kT65Ehc2fMuylOj2
qSIduWzLq7jhmUv3VfA=
-----END CERTIFICATE-----`,
    key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggG+UnaIf/bXLsVvf
mEgUKRW3r1BXN6r8p6vlxQT+aWihRANCAATb+gkT9zXu3IhtKza816hhPPDrAOaa
rgzRWJn0WTvMj3Fcsx5uoQ9X3ULycUY2y7jmrHbIAdW2ZDJhWXNp9RS1
-----END PRIVATE KEY-----`,
  },
};

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(most = 10) {
  const listener = startHttpListener({
    name: 'test server',
    address: { host: '127.0.0.1', port: 0 },
    handler: (_request, response) => answer(response, 200, 'text/plain', 'hello'),
    logger: silentLogger,
    connections: new OpenConnections(most),
    tls: { ...PAIRS.first, requestCert: true },
  });
  cleanups.push(() => listener.close());
  return { listener, port: (await listener.listening).port };
}

async function open(port: number, ca: string): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca });
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  const [data] = await once(socket, 'data');
  return String(data);
}

it('shows new connections the new certificate, and keeps those it has', async () => {
  const { listener, port } = await serve();
  const old = await open(port, PAIRS.first.cert);
  listener.replaceCertificates({ ...PAIRS.second, requestCert: true });
  const fresh = await open(port, PAIRS.second.cert);
  expect(fresh.getPeerCertificate().subject.CN).toBe('second');
  expect(await ask(fresh)).toContain('200 OK');
  expect(await ask(old)).toContain('200 OK');
});

it('speaks HTTP/1.1 only', async () => {
  const { port } = await serve();
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: PAIRS.first.cert,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  cleanups.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  expect(socket.alpnProtocol).toBe('http/1.1');
});

it('is not held up by connections that never begin a session, nor by sessions that never ask', async () => {
  const { port } = await serve(3);
  for (let index = 0; index < 10; index++) {
    const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined);
    cleanups.push(() => socket.destroy());
    await once(socket, 'connect');
  }
  const sessions: TLSSocket[] = [];
  for (let index = 0; index < 10; index++) sessions.push(await open(port, PAIRS.first.cert));
  const last = await open(port, PAIRS.first.cert);
  for (let index = 0; index < 3; index++) expect(await ask(last)).toContain('200 OK');
  expect(sessions[0]?.destroyed).toBe(true);
});

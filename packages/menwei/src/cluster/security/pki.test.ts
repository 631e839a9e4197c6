import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensurePki, ensureTokenKey, type Pki } from './pki.ts';

const NAMES = { dnsNames: ['kubernetes', 'localhost'], addresses: ['127.0.0.1', '::1', '10.96.0.1'] };
const DAY_MS = 86_400_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pki-'));
});
afterEach(() => rm(folder, { recursive: true }));

const serial = ({ certificate }: { readonly certificate: string }) =>
  new X509Certificate(certificate).serialNumber;

describe('the certificates of a cluster', () => {
  it('are made once, for nobody else to read', async () => {
    const first = await ensurePki(folder, NAMES, Date.now());
    const files = await readdir(folder);
    expect(files.toSorted()).toEqual(
      ['admin', 'announcer', 'apiserver', 'ca', 'load-balancer', 'proxy', 'viewer'].flatMap((name) => [
        `${name}.crt`,
        `${name}.key`,
      ]),
    );
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    expect(await ensurePki(folder, NAMES, Date.now())).toEqual(first);
    const server = new X509Certificate(first.server.certificate);
    expect(
      server.checkIP('10.96.0.1') && server.checkIP('::1') && server.checkHost('localhost'),
    ).toBeTruthy();
    expect(new X509Certificate(first.clients.admin.certificate).subject).toBe(
      'CN=kubernetes-admin\nO=system:masters',
    );
    expect(new X509Certificate(first.clients.proxy.certificate).subject).toBe('CN=system:kube-proxy');
    expect(new X509Certificate(first.authority).ca).toBe(true);
  });

  it('are made anew for a name that is missing, for a month that is left, and for a key that is another', async () => {
    const first = await ensurePki(folder, NAMES, Date.now());
    const renamed = await ensurePki(folder, { ...NAMES, dnsNames: ['other'] }, Date.now());
    expect(renamed.authority).toBe(first.authority);
    expect(renamed.clients).toEqual(first.clients);
    expect(serial(renamed.server)).not.toBe(serial(first.server));
    const later = Date.now() + 336 * DAY_MS;
    const renewed = await ensurePki(folder, { ...NAMES, dnsNames: ['other'] }, later);
    expect(renewed.authority).toBe(first.authority);
    expect(serial(renewed.clients.admin)).not.toBe(serial(first.clients.admin));
    await copyFile(join(folder, 'viewer.key'), join(folder, 'proxy.key'));
    const mended = await ensurePki(folder, { ...NAMES, dnsNames: ['other'] }, later);
    expect(serial(mended.clients.proxy)).not.toBe(serial(renewed.clients.proxy));
    expect(mended.clients.viewer).toEqual(renewed.clients.viewer);
  });

  it('are never begun anew over an authority that is damaged', async () => {
    await ensurePki(folder, NAMES, Date.now());
    const whole = await readFile(join(folder, 'ca.crt'), 'utf8');
    await writeFile(join(folder, 'ca.crt'), whole.slice(0, 100));
    await expect(ensurePki(folder, NAMES, Date.now())).rejects.toThrow(/ca\.crt: is no certificate/);
    await writeFile(join(folder, 'ca.crt'), whole);
    await expect(ensurePki(folder, NAMES, Date.now() + 3651 * DAY_MS)).rejects.toThrow(
      /ca\.crt: has run out/,
    );
    await rm(join(folder, 'ca.key'));
    await expect(ensurePki(folder, NAMES, Date.now())).rejects.toThrow(/ca\.key: is not there/);
  });

  it('let a client know the server, and the server its client', async () => {
    const pki = await ensurePki(folder, NAMES, Date.now());
    const seen = await Promise.all([handshake(pki, pki.clients.admin), handshake(pki, pki.server)]);
    expect(seen).toEqual([
      { authorized: true, names: 'kubernetes-admin' },
      { authorized: false, names: 'kube-apiserver' },
    ]);
  });

  it('have a key for tokens that stays', async () => {
    const key = await ensureTokenKey(folder);
    expect((await ensureTokenKey(folder)).verify(key.sign({ a: 1 }))).toEqual({ a: 1 });
    await writeFile(join(folder, 'sa.key'), 'nothing');
    await expect(ensureTokenKey(folder)).rejects.toThrow(/sa\.key: is no key for tokens/);
  });
});

/** What the server sees of a client that shows a certificate, and that takes the server's for good. */
async function handshake(pki: Pki, client: Pki['server']) {
  const server = createServer({
    key: pki.server.key,
    cert: pki.server.certificate,
    ca: pki.authority,
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect({
    host: '127.0.0.1',
    port: address.port,
    ca: pki.authority,
    key: client.key,
    cert: client.certificate,
  });
  try {
    const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(socket, 'secureConnect')]);
    const peer = accepted as TLSSocket;
    return { authorized: peer.authorized, names: peer.getPeerCertificate().subject.CN };
  } finally {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  }
}

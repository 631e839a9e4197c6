import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { parseServiceRanges } from './cluster-addresses.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { runCluster } from './run-cluster.ts';
import { createAuthority } from './security/certificates.ts';

const [range] = parseServiceRanges('10.96.0.0/24') ?? [];
const OPTIONS = {
  listen: { ip: '127.0.0.1', port: 0 },
  advertiseAddress: undefined,
  nodePorts: { first: 30_000, last: 30_100 },
  kubeconfig: undefined,
  store: 'file',
  storeSync: 'normal',
  manifests: undefined,
  proxy: undefined,
  tls: { certFile: undefined, keyFile: undefined, clientCaFile: undefined, names: [] },
  auditLog: undefined,
  loadBalancer: undefined,
  dns: undefined,
  maxEndpointsPerSlice: 100,
  legacyEndpoints: true,
  verbosity: 0,
} as const;

const { certificate: AUTHORITY } = await createAuthority('another', Date.now());

let folder: string;
const ends: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-cluster-'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await rm(folder, { recursive: true });
});

/** Returns how it ends; resolves when it is ready. */
async function start(more: Partial<ClusterOptions> = {}): Promise<{ readonly end: () => Promise<void> }> {
  if (range === undefined) throw new Error('no range');
  const ready = Promise.withResolvers<void>();
  const stop = new AbortController();
  const options = { ...OPTIONS, dataFolder: join(folder, 'data'), serviceRanges: [range] as const, ...more };
  const surroundings = { logger: silentLogger, print: () => ready.resolve() };
  const running = runCluster(options, surroundings, stop.signal);
  const end = () => {
    stop.abort();
    return running;
  };
  await Promise.race([ready.promise, running]);
  ends.push(end);
  return { end };
}

interface Credentials {
  readonly server: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

async function credentials(name = 'admin'): Promise<Credentials> {
  const text = await readFile(join(folder, `data/${name}.kubeconfig`), 'utf8');
  const field = (key: string) => new RegExp(`${key}: "?([^"\n]+)`).exec(text)?.[1] ?? '';
  const pem = (key: string) => Buffer.from(field(key), 'base64').toString();
  return {
    server: field('server'),
    ca: pem('certificate-authority-data'),
    cert: pem('client-certificate-data'),
    key: pem('client-key-data'),
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(
  { server, ...tls }: Partial<Credentials>,
  path: string,
  { token, body, as }: { readonly token?: string; readonly body?: object; readonly as?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(as === undefined ? {} : { 'Impersonate-User': as }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    const asked = request(`${server}${path}`, { ...tls, headers, method, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode ?? 0, body: text });
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

describe('a cluster', () => {
  it('is ready with what every cluster has, for its own users alone', async () => {
    await start();
    const admin = await credentials();
    expect(await ask(admin, '/readyz')).toEqual({ status: 200, body: 'ok' });
    expect((await ask(admin, '/api/v1/namespaces/default/services/kubernetes')).body).toContain(
      '"10.96.0.1"',
    );
    const { server, ca } = admin;
    expect((await ask({ server, ca }, '/api/v1/services')).status).toBe(403);
    expect((await ask({ server, ca }, '/version')).status).toBe(200);
    expect((await ask({ server, ca }, '/version', { token: 'wrong' })).status).toBe(401);
    const proxy = await credentials('proxy');
    expect((await ask(proxy, '/api/v1/services')).status).toBe(200);
    expect((await ask(proxy, '/api/v1/pods')).status).toBe(403);
    for (const file of ['admin.kubeconfig', 'proxy.kubeconfig', 'store.sqlite', 'pki/ca.key']) {
      expect((await stat(join(folder, 'data', file))).mode & 0o777).toBe(0o600);
    }
  });

  it('is the same one when it is started again', async () => {
    const first = await start();
    const before = await credentials();
    const path = '/api/v1/namespaces/default/configmaps';
    const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'kept' } };
    expect((await ask(before, path, { body })).status).toBe(201);
    await first.end();
    await start();
    const after = await credentials();
    expect(after).toMatchObject({ ca: before.ca, cert: before.cert });
    expect((await ask(after, `${path}/kept`)).status).toBe(200);
  });

  it('takes tokens and roles from files while it runs, and nothing from files that are wrong', async () => {
    await start();
    const { server, ca } = await credentials();
    const list = (token: string) => ask({ server, ca }, '/api/v1/services', { token });
    await writeFile(join(folder, 'data/tokens.csv'), 'secret,jane,1\n');
    await untilStatus(() => list('secret'), 403);
    const roles = join(folder, 'data/roles.yaml');
    const rule = '{apiGroups: [""], resources: [services], verbs: [list]}';
    await writeFile(roles, `- {role: r, subjects: [{kind: User, name: jane}], rules: [${rule}]}\n`);
    await untilStatus(() => list('secret'), 200);
    await appendFile(roles, '- {role: r2, subject: []}\n');
    await sleep(500);
    expect((await list('secret')).status).toBe(200);
  });

  it('tells who did what in its audit log', async () => {
    const auditLog = join(folder, 'audit.log');
    const { end } = await start({ auditLog });
    const admin = await credentials();
    const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'told' } };
    await ask(admin, '/api/v1/namespaces/default/configmaps', { body });
    await ask(admin, '/api/v1/namespaces/default/configmaps');
    await ask(admin, '/api/v1/pods', { as: 'jane' });
    await ask(await credentials('proxy'), '/api/v1/pods', { as: 'jane' });
    await end();
    const lines = (await readFile(auditLog, 'utf8')).trim().split('\n');
    const users = lines.map((line) => {
      const { user, impersonatedUser } = JSON.parse(line);
      return [user.username, impersonatedUser?.username];
    });
    expect(users).toEqual([
      ['kubernetes-admin', undefined],
      ['kubernetes-admin', 'jane'],
      ['system:kube-proxy', undefined],
    ]);
  });
});

describe('a cluster that can’t begin', () => {
  it('says that its port is taken, and by then has merged nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const kubeconfig = join(folder, 'config');
    await expect(start({ listen: { ip: '127.0.0.1', port }, kubeconfig })).rejects.toThrow(
      `API server can't listen on 127.0.0.1:${port}: listen EADDRINUSE`,
    );
    await expect(stat(kubeconfig)).rejects.toThrow('ENOENT');
    taken.close();
  });

  it('says that its folder is in use', async () => {
    for (const store of ['file', 'memory'] as const) {
      const { end } = await start({ store });
      const inUse = `${join(folder, 'data')}: in use by process ${process.pid}`;
      await expect(start({ store: 'memory' })).rejects.toThrow(inUse);
      await end();
    }
  });

  it.each([
    ['a kubeconfig', 'config', ': [', (file: string) => ({ kubeconfig: file })],
    [
      'a certificate',
      'a.crt',
      'x',
      (file: string) => ({ tls: { ...OPTIONS.tls, certFile: file, keyFile: file } }),
    ],
    ['an authority', 'ca.crt', 'x', (file: string) => ({ tls: { ...OPTIONS.tls, clientCaFile: file } })],
    [
      'a second authority',
      'ca.crt',
      `${AUTHORITY}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      (file: string) => ({ tls: { ...OPTIONS.tls, clientCaFile: file } }),
    ],
    ['a key of its own', 'data/pki/ca.crt', 'x', () => ({})],
    ['roles', 'data/roles.yaml', 'role: x', () => ({})],
    ['tokens', 'data/tokens.csv', 'secret', () => ({})],
  ])('names the file of %s that it can’t use, and no secret', async (_, name, text, options) => {
    const file = join(folder, name);
    await (await start({ store: 'memory' })).end();
    await writeFile(file, text);
    const failure = await start({ store: 'memory', ...options(file) }).catch((error: Error) => error.message);
    expect(failure).toContain(`${file}: `);
    expect(failure).not.toMatch(/secret|\n/);
  });
});

async function untilStatus(get: () => Promise<Answer>, status: number): Promise<void> {
  let found = 0;
  for (let tries = 0; tries < 200 && found !== status; tries++) {
    found = (await get()).status;
    if (found !== status) await sleep(25);
  }
  expect(found).toBe(status);
}

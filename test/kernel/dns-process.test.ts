/**
 * `menwei dns` as a process: what Kubernetes' own e2e tests of `[sig-network] DNS` have a pod look up (those of resolv.conf and
 * /etc/hosts are the kubelet's), aliases to names of others, the API server away, mistakes, and its end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DnsWorld, dig } from './dns-world.ts';
import { LAUNCHER, RunProcess } from './run-process.ts';

const D = 'default.svc.cluster.local';

let world: DnsWorld;
beforeAll(async () => {
  world = await DnsWorld.start();
});
afterAll(() => world[Symbol.dispose]());

/** What glibc's resolver finds. */
async function addresses(name: string): Promise<readonly string[]> {
  const text = await world.run('getent', 'ahosts', name);
  const first = text.split('\n').map((line) => line.replace(/ .*/, ''));
  return text.startsWith('exit ') ? ['none'] : [...new Set(first)].sort();
}

describe('an alias', () => {
  it.each([
    ['outside', 'A', 'NOERROR', 'www.example.org. 0 A 192.0.2.80'],
    ['outside', 'AAAA', 'NOERROR', 'www.example.org. 0 AAAA 2001:db8::80'],
    ['inside', 'A', 'NOERROR', `web.${D}. 5 A 10.96.0.80`],
    ['gone', 'A', 'NXDOMAIN', `gone.${D}. 5 CNAME nobody.example.org.`],
  ])('%s, asked for %s: %s, %s', async (name, type, status, record) => {
    const [told] = await dig(`${name}.${D}`, type);
    expect(told?.status).toBe(status);
    expect(told?.answer).toContain(record);
    expect(told?.answer).toContainEqual(expect.stringMatching(new RegExp(`^${name}\\..* 5 CNAME `)));
  });

  it('to an address is none, and the Service has a problem', async () => {
    expect((await dig(`number.${D}`, 'A'))[0]).toMatchObject({ status: 'NOERROR', answer: [] });
    const status = await fetch('http://127.0.0.1:9153/status').then((response) => response.json());
    expect(status).toMatchObject({
      objects: { problems: [{ name: 'number', reason: expect.stringContaining('192.0.2.7') }] },
    });
  });
});

describe('a pod finds', () => {
  it('a Service of another namespace by two names, and its own by one', async () => {
    world.search('bare');
    expect(await addresses('web')).toEqual(['none']);
    expect(await addresses('web.default')).toEqual(['10.96.0.80', 'fd00:96::80']);
    world.search('default');
  });

  it('names with a search list of more than 6 paths and 256 characters', async () => {
    const more = Array.from({ length: 32 }, (_, index) => ` ${'a'.repeat(20)}${index}.test`).join('');
    world.search('default', more);
    expect(await addresses('web')).toEqual(['10.96.0.80', 'fd00:96::80']);
    expect(await addresses(`web.${D}`)).toEqual(['10.96.0.80', 'fd00:96::80']);
    world.search('default');
  });

  it('names with an underscore, and a single dot, in the search list', async () => {
    world.search('default', ' . _sip._tcp.abc_d.example.com');
    expect(await addresses('web')).toEqual(['10.96.0.80', 'fd00:96::80']);
    world.search('default', ' _sip._tcp.abc_d.example.com');
    expect(await addresses(`web.${D}`)).toEqual(['10.96.0.80', 'fd00:96::80']);
    world.search('default');
  });

  it('named ports, by UDP and TCP', async () => {
    for (const transport of ['+notcp', '+tcp']) {
      const [regular, headless] = await dig(
        transport,
        `_http._tcp.web.${D}`,
        'SRV',
        `_sql._tcp.db.${D}`,
        'SRV',
      );
      expect(regular?.answer).toHaveLength(1);
      expect(headless?.answer).toHaveLength(3);
    }
  });

  it('what became of an ExternalName Service: another name, then a ClusterIP', async () => {
    const put = (spec: string) =>
      world.write(
        'changing.yaml',
        `apiVersion: v1\nkind: Service\nmetadata: {name: changing}\nspec: ${spec}\n`,
      );
    const told = async (type: string) => (await dig(`changing.${D}`, type))[0]?.answer;
    put('{type: ExternalName, externalName: foo.example.com}');
    await expect.poll(() => told('CNAME')).toEqual([`changing.${D}. 5 CNAME foo.example.com.`]);
    put('{type: ExternalName, externalName: bar.example.com}');
    await expect.poll(() => told('CNAME')).toEqual([`changing.${D}. 5 CNAME bar.example.com.`]);
    put('{type: ClusterIP, clusterIP: 10.96.0.99, ports: [{name: http, port: 80}]}');
    await expect.poll(() => told('A')).toEqual([`changing.${D}. 5 A 10.96.0.99`]);
  });
});

it('without the API server from the start: nothing of the cluster is denied, and others are asked', async () => {
  await using away = RunProcess.start(
    [
      '--master',
      'http://127.0.0.1:1',
      '--dns-bind',
      '127.0.0.2',
      '--dns-forward',
      '127.0.0.9',
      '--bind-address',
      '127.0.0.1:9999',
    ],
    { command: 'dns' },
  );
  await expect.poll(() => away.log('I').join('\n')).toContain('DNS server is listening');
  const told = async (name: string) => world.run('dig', '@127.0.0.2', '+noall', '+comments', name, 'A');
  expect(await told('web.default.svc.cluster.local')).toContain('status: SERVFAIL');
  expect(await told('www.example.org')).toContain('status: NOERROR');
  expect((await fetch('http://127.0.0.1:9999/ready')).status).toBe(503);
});

it('an address in use ends it with one line', async () => {
  const ended = await RunProcess.toItsEnd(
    [
      '--manifests',
      world.manifests,
      '--dns-bind',
      '127.0.0.1',
      '--dns-forward',
      'none',
      '--bind-address',
      '',
    ],
    {
      command: 'dns',
    },
  );
  expect(ended.status).toBe(1);
  expect(ended.stderr.filter((line) => line.startsWith('menwei: '))).toEqual([
    expect.stringContaining('127.0.0.1:53'),
  ]);
});

it('an address in use ends it also under a proxy, which would not start it again otherwise', async () => {
  const flags = ['--manifests', world.manifests, '--dns-bind', '127.0.0.1:53', '--dns-forward', 'none'];
  const argv = ['dns', ...flags, '--bind-address', '127.0.0.1:9155'];
  const child = spawn(LAUNCHER, argv, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  try {
    expect(await once(child, 'exit')).toEqual([1, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

it('an upstream that is the server itself ends it with one line', async () => {
  const ended = await RunProcess.toItsEnd(
    ['--manifests', world.manifests, '--dns-bind', '127.0.0.3', '--dns-forward', '127.0.0.3'],
    {
      command: 'dns',
    },
  );
  expect(ended).toMatchObject({
    status: 1,
    stderr: expect.arrayContaining([expect.stringContaining('is this DNS server itself')]),
  });
});

it('goes on to answer for a while when it is told to end', async () => {
  const ended = world.dns.end('SIGTERM');
  await expect.poll(() => fetch('http://127.0.0.1:9153/ready').then(({ status }) => status)).toBe(503);
  const [first] = await dig(`web.${D}`, 'A');
  expect(first?.status).toBe('NOERROR');
  expect(await ended).toMatchObject({ status: 0, signal: null });
});

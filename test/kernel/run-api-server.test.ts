/** `menwei run` fed by an API server: what it programs, and what it keeps when the server, or itself, comes and goes. */
import { execFile, spawnSync } from 'node:child_process';
import { createServer, get } from 'node:http';
import { promisify } from 'node:util';
import { FakeApiServer, sendStatus } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  flagsFor,
  NODES,
  putEndpoints,
  putNode,
  putService,
  SERVICE_CIDRS,
  SERVICES,
  SLICES,
  TestFolder,
} from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess, rulesOf, savedRules } from './run-process.ts';

const folder = new TestFolder();
const web = createServer((_request, response) => response.end('web'));
let server: FakeApiServer;
let flags: readonly string[];

beforeAll(async () => {
  for (const args of ['address add 10.0.0.1/32 dev lo', 'route add 172.30.0.0/16 dev lo']) {
    expect(spawnSync('ip', args.split(' ')).status).toBe(0);
  }
  await new Promise<void>((resolve) => web.listen(8080, '10.0.0.1', resolve));
});

afterAll(() => {
  web.close();
  folder[Symbol.dispose]();
});

beforeEach(async () => {
  server = await FakeApiServer.start();
  putNode(server);
  putService(server, 'web', 1);
  putEndpoints(server, 'web', ['10.0.0.1']);
  flags = flagsFor(folder.kubeconfig(server));
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  const cleanup = await RunProcess.toItsEnd(['--cleanup', ...flags]);
  expect(cleanup.status).toBe(0);
});

/** What the Service on 172.30.0.1 answers to a new connection. */
function readPage(): Promise<string> {
  return new Promise((resolve, reject) => {
    get('http://172.30.0.1/', { agent: false, timeout: 2_000 }, (response) => {
      let page = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        page += text;
      });
      response.on('end', () => resolve(page));
    }).on('error', reject);
  });
}

async function isProgrammed(name = 'web'): Promise<void> {
  await expect
    .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
    .toContain(`default/${name}/TCP IPv4 programmed`);
}

describe('menwei run with an API server', () => {
  it('programs what is there, introduces itself and follows every change', async () => {
    await using run = RunProcess.start(flags);
    await isProgrammed();
    expect(await readPage()).toBe('web');
    const list = server.requestsFor(SERVICES, { isWatch: false })[0];
    expect(list?.clientName).toBe('first-client');
    expect(list?.headers['user-agent']).toMatch(/^menwei\//);

    putService(server, 'other', 2);
    await isProgrammed('other');
    await expect.poll(() => rulesOf('default/other has no endpoints')).toHaveLength(1);
    putEndpoints(server, 'other', ['10.0.0.1']);
    await expect.poll(() => rulesOf('default/other cluster IP')).not.toEqual([]);
    expect(await rulesOf('default/other has no endpoints')).toEqual([]);
    server.delete(SERVICES, 'default', 'other');
    await expect.poll(() => rulesOf('default/other.*')).toEqual([]);
    expect(await observeStatus()).toEqual(['default/web/TCP IPv4 programmed']);
    expect([...run.log('W'), ...run.log('E')]).toEqual([]);
    // This mode has no use for them, so its role need not allow them.
    expect(server.requests.map(({ path }) => path)).not.toContain(SERVICE_CIDRS);
  });

  it('loses no rule and no connection while it lists anew after a 410', async () => {
    await using run = RunProcess.start(flags);
    await isProgrammed();
    const before = await savedRules();

    // The first lists after the watch broke off fail too, so that there is time for something to go wrong.
    let failuresLeft = 2;
    using _refusal = server.intercept(({ path, isWatch }, response) => {
      if (isWatch || path !== SLICES || failuresLeft === 0) return false;
      failuresLeft--;
      sendStatus(response, 500, 'etcdserver: leader changed');
      return true;
    });
    const listsBefore = server.requestsFor(SLICES, { isWatch: false }).length;
    putService(server, 'other', 2);
    await isProgrammed('other');
    server.compact();
    server.endWatches();

    const listed = () => server.requestsFor(SLICES, { isWatch: false }).length - listsBefore;
    const deadlineMs = performance.now() + 30_000;
    let looks = 0;
    while (listed() < 3 && performance.now() < deadlineMs) {
      const rules = await savedRules();
      expect(before.filter((rule) => !rules.includes(rule))).toEqual([]);
      expect(await readPage()).toBe('web');
      looks++;
    }
    expect(listed()).toBe(3);
    expect(looks).toBeGreaterThan(3);
    await expect.poll(() => server.watches).toBe(3);
    putEndpoints(server, 'other', ['10.0.0.1']);
    await expect.poll(() => rulesOf('default/other cluster IP')).not.toEqual([]);
    expect(await savedRules()).toEqual(expect.arrayContaining([...before]));
    expect(run.isRunning).toBe(true);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('leaves its rules and status 0 behind on %s', async (signal) => {
    await using run = RunProcess.start(flags);
    await isProgrammed();
    const before = await savedRules();
    const ended = await run.end(signal);
    expect(ended).toMatchObject({ status: 0, stdout: '' });
    expect(ended.stderr.at(-1)).toMatch(/menwei stopped; rules are left in place$/);
    expect(await savedRules()).toEqual(before);
    expect(await readPage()).toBe('web');
  });

  it('changes nothing when it is started again, and what changed meanwhile', async () => {
    await using first = RunProcess.start(flags);
    await isProgrammed();
    await first.end('SIGKILL');
    await readPage();
    // A rule that was written anew would count from nothing.
    const counted = () => {
      const { stdout } = spawnSync('iptables-save', ['-c', '-t', 'nat'], { encoding: 'utf8' });
      return stdout.split('\n').filter((line) => line.includes('default/web'));
    };
    const before = counted();
    expect(before.some((rule) => /^\[1:.*KUBE-SEP/.test(rule))).toBe(true);
    const rulesBefore = [...(await savedRules('nat')), ...(await savedRules('filter'))];
    await using second = RunProcess.start(flags);
    await isProgrammed();
    expect(counted()).toEqual(before);
    expect([...(await savedRules('nat')), ...(await savedRules('filter'))]).toEqual(rulesBefore);
    await second.end('SIGTERM');

    putEndpoints(server, 'web', ['10.0.0.1', '10.0.0.2']);
    await using third = RunProcess.start(flags);
    await isProgrammed();
    expect(await rulesOf('default/web -> 10.0.0.2:8080')).toHaveLength(1);
    expect(third.log('W')).toEqual([]);
  });
});

describe('menwei diff with an API server', () => {
  it('finds nothing to change after a run, however late the Node comes', async () => {
    const primary = [...flags, '--nodeport-addresses', 'primary'];
    await using run = RunProcess.start(primary);
    await isProgrammed();
    await run.synced();
    await run.end('SIGTERM');
    let refusalsLeft = 2;
    using _refusal = server.intercept(({ path }, response) => {
      if (path !== NODES || refusalsLeft === 0) return false;
      refusalsLeft--;
      sendStatus(response, 503, 'starting');
      return true;
    });
    const { stdout } = await promisify(execFile)(LAUNCHER, ['diff', ...primary]);
    expect({ stdout, refusalsLeft }).toEqual({ stdout: '', refusalsLeft: 0 });
  });
});

/** `menwei run` with an API server that can't be used: one line each, no rule lost, and back to work by itself. */
import { readFileSync } from 'node:fs';
import { FakeApiServer, sendStatus, testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flagsFor, putEndpoints, putNode, putService, testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess, rulesOf, savedRules } from './run-process.ts';

const folder = testFolder();
let server: FakeApiServer;

afterEach(() => server[Symbol.asyncDispose]());

async function startServer(port = 0): Promise<void> {
  server = await FakeApiServer.start({ port });
  putNode(server);
  putService(server, 'web', 1);
  putEndpoints(server, 'web', ['10.0.0.1']);
}

/** The rules of a run that had nothing to complain about. */
async function rulesOfFormerRun(): Promise<readonly string[]> {
  await using run = RunProcess.start(flagsFor(folder.kubeconfig(server)));
  await expect
    .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
    .toEqual(['default/web/TCP IPv4 programmed']);
  await run.end('SIGTERM');
  expect(await rulesOf('default/web cluster IP')).not.toEqual([]);
  return await savedRules();
}

const refusals: Disposable[] = [];

const TROUBLES = [
  {
    trouble: 'is unreachable',
    lines: () => [`${server.url} is unreachable: connection refused (ECONNREFUSED)`],
    begin: async () => server[Symbol.asyncDispose](),
    end: async () => startServer(server.port),
  },
  {
    trouble: 'shows a certificate of a stranger',
    lines: () => [
      `${server.url}: TLS handshake failed: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN)`,
    ],
    begin: async () => {
      folder.write('ca.crt', readFileSync(testdata('other-ca.crt'), 'utf8'));
    },
    end: async () => {
      folder.write('ca.crt', readFileSync(testdata('ca.crt'), 'utf8'));
    },
  },
  {
    trouble: 'forbids to list',
    lines: () =>
      ['services', 'endpointslices', 'nodes'].map(
        (resource) => `${resource} is forbidden: cannot list resource`,
      ),
    begin: async () => {
      const refusal = server.intercept(({ method, path }, response) => {
        if (method !== 'GET') return false;
        sendStatus(response, 403, `${path.split('/').at(-1)} is forbidden: cannot list resource`);
        return true;
      });
      refusals.push(refusal);
    },
    end: async () => refusals.pop()?.[Symbol.dispose](),
  },
];

describe('an API server that', () => {
  beforeEach(() => startServer());

  it.each(TROUBLES)('$trouble', async ({ lines, begin, end }) => {
    const before = await rulesOfFormerRun();
    folder.write('ca.crt', readFileSync(testdata('ca.crt'), 'utf8'));
    const flags = flagsFor(folder.kubeconfig(server, `${folder.path}/ca.crt`));
    await begin();
    await using run = RunProcess.start(flags);
    await expect.poll(() => run.log('E')).toHaveLength(lines().length);
    // Three or more attempts of each of the three lists later.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const complaints = run
      .log('E')
      .map((line) => line.replace(/; retrying, keeping the last known objects.*/, ''));
    expect(complaints.toSorted()).toEqual(lines().toSorted());
    expect(run.log('W')).toEqual([]);
    expect(run.isRunning).toBe(true);
    expect(await savedRules()).toEqual(before);
    expect((await fetch('http://127.0.0.1:10256/livez')).status).toBe(200);

    await end();
    putService(server, 'late', 9);
    await expect.poll(() => rulesOf('default/late has no endpoints'), { timeout: 30_000 }).toHaveLength(1);
    expect(await savedRules()).toEqual(before);
    await expect
      .poll(() => run.log('I').filter((line) => line.startsWith('recovered from')))
      .toHaveLength(lines().length);
    expect(run.log('E')).toHaveLength(lines().length);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });

  it('never answers does not hold up the end', async () => {
    using _silence = server.intercept(() => true);
    await using run = RunProcess.start(flagsFor(folder.kubeconfig(server)));
    await expect.poll(() => server.requests.length).toBe(3);
    const signalledMs = performance.now();
    expect((await run.end('SIGTERM')).status).toBe(0);
    expect(performance.now() - signalledMs).toBeLessThan(5_000);
  });
});

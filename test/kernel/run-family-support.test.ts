/** `menwei run` on a kernel that lacks the nat table of one IP family: the other one works, and what is missing is told. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flagsFor, NODE, NODES, SERVICES, testFolder } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();
let server: FakeApiServer;

beforeEach(async () => {
  server = await FakeApiServer.start();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  expect((await RunProcess.toItsEnd(['--cleanup'])).status).toBe(0);
});

/** A PATH whose iptables of the family says what it says where the kernel has no such table. */
function pathWithout(family: IpFamily): string {
  const name = family === 'IPv4' ? 'iptables' : 'ip6tables';
  const path = join(folder.path, `without-${family}`);
  mkdirSync(path, { recursive: true });
  for (const suffix of ['', '-save', '-restore']) {
    const tool = `${name}${suffix}`;
    const script = folder.write(
      join(`without-${family}`, tool),
      `#!/bin/sh
case "$*" in *--version*) echo 'iptables v1.8.9 (legacy)'; exit 0;; esac
echo "${tool}: can't initialize ${name} table \\\`nat': Table does not exist (do you need to insmod?)" >&2
exit 3
`,
    );
    chmodSync(script, 0o755);
  }
  return `${path}:${process.env.PATH}`;
}

function putNode(...addresses: readonly string[]): void {
  server.put(NODES, {
    metadata: { name: NODE },
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  });
}

function putServices(): void {
  for (const [name, clusterIP] of [
    ['old', '172.30.0.1'],
    ['new', 'fd00:172:30::1'],
  ] as const) {
    const ports = [{ port: 80, protocol: 'TCP' }];
    server.put(SERVICES, { metadata: { name, namespace: 'default' }, spec: { clusterIP, ports } });
  }
}

/** Of both families: one without a CIDR of its own could not be proxied alone. */
const CLUSTER_CIDR = '--cluster-cidr=10.0.0.0/8,fd00:10::/32';
const flags = (...more: readonly string[]) => [...flagsFor(folder.kubeconfig(server)), CLUSTER_CIDR, ...more];
const PATIENCE = { timeout: 20_000 };
/** Where it is without a bind address. */
const METRICS = '--metrics-bind-address=127.0.0.1:10249';
const OTHER = { IPv4: 'IPv6', IPv6: 'IPv4' } as const;
const ADDRESS = { IPv4: '192.168.49.2', IPv6: 'fd00:49::2' };

describe.each(['IPv4', 'IPv6'] as const)('without the nat table of %s', (family) => {
  const other = OTHER[family];
  const path = pathWithout(family);
  const names = { IPv4: 'old', IPv6: 'new' };
  const statuses = () => observeStatus().catch(() => []);
  const expected = [
    `default/${names[family]}/TCP ${family} error`,
    `default/${names[other]}/TCP ${other} programmed`,
  ].sort();

  it.each([
    ['the Node has the other family', [], [ADDRESS[other]]],
    [
      'the Node has the other family, and the wildcard is of it',
      ['--bind-address=::', METRICS],
      [ADDRESS[other]],
    ],
    ['the Node has both', [], [ADDRESS[family], ADDRESS[other]]],
  ])('%s: that works, and what is missing is told', async (_, more, addresses) => {
    putServices();
    putNode(...addresses);
    await using run = RunProcess.start(flags(...more), { path });
    await expect.poll(statuses, PATIENCE).toEqual(expected);
    const missing = /Table does not exist/;
    expect(run.log('W')).toContainEqual(
      expect.stringMatching(/^this IP family is not proxied .*Table does not exist/),
    );
    const response = await fetch('http://127.0.0.1:10249/status');
    expect(await response.json()).toContainEqual(
      expect.objectContaining({ family, error: expect.stringMatching(missing) }),
    );
    const told = run.log('W').filter((line) => line.startsWith(`the node has ${family} addresses, but`));
    expect(told).toHaveLength(addresses.length - 1);
    // A Node may get addresses later.
    putNode(ADDRESS[other], ADDRESS[family]);
    await expect
      .poll(() => run.log('W'), PATIENCE)
      .toContainEqual(
        expect.stringMatching(`^the node has ${family} addresses, but ${family} is not proxied: .*Table`),
      );
    expect((await run.end('SIGTERM')).status).toBe(0);
  });

  it('the Node has nothing else: the run ends with the reason', async () => {
    putServices();
    putNode(ADDRESS[family]);
    const { status, stderr } = await RunProcess.toItsEnd(flags(), { path });
    expect(status).toBe(1);
    expect(stderr.at(-1)).toMatch(`menwei: the node has ${family} addresses, which can't be proxied: ip`);
    expect(stderr.at(-1)).toContain('Table does not exist');
  });

  it('the settings name an address of it: the run ends with the reason, whatever the Node', async () => {
    const { status, stderr } = await RunProcess.toItsEnd(flags(`--bind-address=${ADDRESS[family]}`), {
      path,
    });
    expect(status).toBe(1);
    expect(stderr.at(-1)).toMatch(`menwei: the node has ${family} addresses, which can't be proxied: ip`);
  });

  it('no pod of the other family could be told: the run ends with the reason', async () => {
    putNode(ADDRESS[other]);
    const cidr = { IPv4: '10.0.0.0/8', IPv6: 'fd00:10::/32' }[family];
    const { status, stderr } = await RunProcess.toItsEnd(flags(`--cluster-cidr=${cidr}`, METRICS), { path });
    expect(status).toBe(1);
    expect(stderr.at(-1)).toBe(`menwei: only ${other} is proxied, but clusterCIDR has only ${family}`);
  });

  it('menwei diff compares the other one, and is not content where the node has both', async () => {
    putNode(ADDRESS[other]);
    await using run = RunProcess.start(flags(), { path });
    await expect
      .poll(() => run.log('I').filter((line) => line.startsWith('full sync complete')), PATIENCE)
      .toHaveLength(1);
    await run.end('SIGTERM');
    const diff = () =>
      new Promise((resolve) => {
        const env = { ...process.env, PATH: path };
        execFile(LAUNCHER, ['diff', ...flags()], { env }, (error, stdout) =>
          resolve({ status: error?.code ?? 0, stdout }),
        );
      });
    expect(await diff()).toEqual({ status: 0, stdout: '' });
    putNode(ADDRESS[other], ADDRESS[family]);
    expect(await diff()).toEqual({ status: 1, stdout: '' });
  });
});

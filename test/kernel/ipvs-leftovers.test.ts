/** From and to the ipvs mode: what the former mode left is in force no more after the first sync. */

import { readFileSync } from 'node:fs';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeftoversCluster, type RunningMode } from './leftovers-cluster.ts';
import { expectUnharmed, type Traffic } from './traffic.ts';

const IPVS: RunningMode = { mode: 'ipvs', tools: 'nft' };
const NFTABLES: RunningMode = { mode: 'nftables', tools: 'nft' };
const OTHERS: readonly (readonly [string, RunningMode])[] = [
  ['iptables', { mode: 'iptables', tools: 'nft' }],
  ['nftables', NFTABLES],
  ['userspace', { mode: 'userspace', tools: 'nft' }],
];
const PATIENCE = { timeout: 100_000 };
const REMOVED = /removed leftovers of another proxy or mode: .*/g;
const DRAINING = /leftovers keep their connections for at most .*/g;
const DRAINED = /removed leftovers that had connections: .*/g;
/** Longer than the traffic goes on. */
const DRAIN_SECONDS = 8;
/** By then each pod of a Service with two has answered. */
const TRIES = 10;
const NOBODY = Array(2 * IP_FAMILIES.length).fill('not answered');
const EVERYBODY = Array(2 * IP_FAMILIES.length).fill('answered');

let cluster: LeftoversCluster;
let running: RunningMode | undefined;
beforeAll(async () => {
  cluster = await LeftoversCluster.start();
  // A virtual server of somebody else.
  await cluster.exec('ipvsadm', ['-A', '-t', '192.0.2.7:80', '-s', 'rr']);
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function servers(): Promise<readonly string[]> {
  const lines = (await cluster.exec('ipvsadm', ['-Sn'])).split('\n');
  return lines.filter((line) => line.startsWith('-A '));
}

/** From one mode to the other under traffic; returns what the last one said. */
async function change(from: RunningMode, to: RunningMode): Promise<HostProcess> {
  cluster.publish(['steady', 'drained', 'gone'], false);
  if (running !== from) await cluster.run(from);
  await expect.poll(() => cluster.askAll(['drained', 'gone']), PATIENCE).toEqual(EVERYBODY);
  let traffic = await cluster.traffic();
  await cluster.stop();
  cluster.publish(['steady', 'drained'], true);
  const run = await cluster.run(to, { flags: ['--ipvs-drain-timeout', `${DRAIN_SECONDS}s`] });
  running = to;
  if (from.mode === 'userspace') {
    traffic = await cluster.trafficAfterUserspace(traffic);
  }
  const first = from.mode === 'ipvs' ? DRAINING : REMOVED;
  await expect.poll(() => run.output().match(first), PATIENCE).toHaveLength(2);
  expect(await cluster.askAll(['drained', 'gone'])).toEqual(NOBODY);
  const report = await traffic.stop();
  console.log(`${from.mode} → ${to.mode}: ${report}`);
  expectUnharmed(report);
  if (from.mode === 'ipvs') await expect.poll(() => run.output().match(DRAINED), PATIENCE).toHaveLength(2);
  expect(await cluster.askAll(['drained', 'gone'])).toEqual(NOBODY);
  expect(await cluster.askAll(['steady'])).toEqual(['answered', 'answered']);
  expect(run.output()).not.toMatch(/Z [WE] /);
  return run;
}

describe.each(OTHERS)('%s', (_name, other) => {
  it('comes after ipvs', async () => {
    await change(IPVS, other);
    await expectNoIpvs();
  });

  it('comes before ipvs', async () => {
    await change(other, IPVS);
    const text = (await cluster.rules('nft')).join('\n');
    expect(text).not.toMatch(/:KUBE-(SVC|SEP|NODEPORTS|PORTALS)/);
    expect(await cluster.nftTables()).toEqual([]);
    expect(text).toContain(':KUBE-IPVS-FILTER');
  });
});

async function expectNoIpvs(): Promise<void> {
  expect(await servers()).toEqual([expect.stringContaining('192.0.2.7:80')]);
  expect(await cluster.exec('ip', ['-o', 'link', 'show'])).not.toContain('kube-ipvs0');
  expect(await cluster.exec('ipset', ['list', '-n'])).toBe('');
  expect((await cluster.rules('nft')).join('\n')).not.toContain('KUBE-IPVS-FILTER');
}

/** What kube-proxy programs for the reference case (spec § 6.4): our own listings of it, without the sets that are ours alone. */
async function loadKubeProxy(): Promise<void> {
  const sets = dump('ipvs.ipset')
    .split('\n')
    .filter((line) => !line.includes('MENWEI-'))
    .join('\n');
  await cluster.exec('ipset', ['restore', '-exist'], sets);
  await cluster.exec('ipvsadm', ['-R'], dump('ipvs.ipvsadm'));
  await cluster.exec('iptables-restore', ['--noflush'], dump('ipvs.iptables-save'));
  await cluster.exec('sh', ['-ec', 'ip link show kube-ipvs0 || ip link add kube-ipvs0 type dummy']);
  for (const ip of ['10.96.0.1', '10.96.0.10', '10.101.57.97']) {
    await cluster.exec('ip', ['address', 'replace', `${ip}/32`, 'dev', 'kube-ipvs0']);
  }
}

function dump(name: string): string {
  return readFileSync(new URL(`../data/dumps/${name}`, import.meta.url), 'utf8');
}

describe('kube-proxy in ipvs mode', () => {
  let traffic: Traffic;
  beforeAll(async () => {
    await cluster.stop();
    await cluster.cleanUp();
    await expectNoIpvs();
    await loadKubeProxy();
    cluster.publishReference();
    traffic = await cluster.referenceTraffic();
  });
  afterAll(async () => {
    await traffic.stop();
  });

  it('is followed by mode nftables', async () => {
    const run = await cluster.run(NFTABLES, { flags: ['--ipvs-drain-timeout', `${DRAIN_SECONDS}s`] });
    await expect.poll(() => run.output(), PATIENCE).toMatch(DRAINING);
    await traffic.tried(TRIES);
    const during = traffic.take();
    await traffic.tried(TRIES);
    const after = traffic.take();
    console.log(`kube-proxy, ipvs → nftables: ${during}; then: ${after}`);
    for (const report of [during, after]) expectUnharmed(report);
    expect(after.pods).toEqual(['dns', 'nginx-1', 'nginx-2']);
    await traffic.stop();
    await expect.poll(() => run.output(), PATIENCE).toMatch(DRAINED);
    await expectNoIpvs();
    expect((await cluster.rules('nft')).join('\n')).not.toMatch(/KUBE-(?!FIREWALL)/);
  });

  it('follows mode nftables', async () => {
    traffic = await cluster.referenceTraffic();
    await cluster.stop();
    await loadKubeProxy();
    expect(await cluster.cleanUp({ mode: 'ipvs', tools: 'nft' })).toMatch(/^IPv4: removed table ip menwei$/m);
    await traffic.tried(TRIES);
    const report = traffic.take();
    console.log(`nftables → kube-proxy, ipvs: ${report}`);
    expectUnharmed(report);
    expect(await cluster.nftTables()).toEqual([]);
    expect((await cluster.rules('nft')).join('\n')).toContain(':KUBE-IPVS-FILTER');
  });

  it('is followed by mode ipvs', async () => {
    await cluster.run(IPVS);
    await traffic.tried(TRIES);
    traffic.take();
    await traffic.tried(TRIES);
    const report = traffic.take();
    console.log(`kube-proxy, ipvs → ipvs: ${report}`);
    expectUnharmed(report);
    expect(report.pods).toEqual(['dns', 'nginx-1', 'nginx-2']);
  });
});

/** From and to the ipvs mode: what the former mode left is in force no more after the first sync. */

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeftoversCluster, type RunningMode } from './leftovers-cluster.ts';
import { expectUnharmed } from './traffic.ts';

const IPVS: RunningMode = { mode: 'ipvs', tools: 'nft' };
const OTHERS: readonly (readonly [string, RunningMode])[] = [
  ['iptables', { mode: 'iptables', tools: 'nft' }],
  ['nftables', { mode: 'nftables', tools: 'nft' }],
  ['userspace', { mode: 'userspace', tools: 'nft' }],
];
const PATIENCE = { timeout: 100_000 };
const REMOVED = /removed leftovers of another proxy or mode: .*/g;
const DRAINING = /leftovers keep their connections for at most .*/g;
const DRAINED = /removed leftovers that had connections: .*/g;
/** Longer than the traffic goes on. */
const DRAIN_SECONDS = 8;
const AT_ONCE = { flags: ['--ipvs-drain-timeout', '0s'] };
const NOBODY = Array(2 * IP_FAMILIES.length).fill('not answered');
const EVERYBODY = Array(2 * IP_FAMILIES.length).fill('answered');

let cluster: LeftoversCluster;
let running: RunningMode | undefined;
/** Traffic that has yet to find out that nobody answers. */
const ended: Promise<unknown>[] = [];
beforeAll(async () => {
  cluster = await LeftoversCluster.start();
  // A virtual server of somebody else.
  await cluster.exec('ipvsadm', ['-A', '-t', '192.0.2.7:80', '-s', 'rr']);
});
afterAll(async () => {
  await Promise.all(ended);
  await cluster[Symbol.asyncDispose]();
});

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
    // Connections go through its process, and end with it; until the next one is there nobody accepts new ones.
    console.log(`userspace ended: ${traffic.take()}`);
    ended.push(traffic.stop());
    await cluster.forgetRefused();
    traffic = await cluster.traffic();
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

describe('kube-proxy in ipvs mode was here before', () => {
  it('all that it made goes', async () => {
    await cluster.stop();
    // What the test before this one left goes first.
    const former = await cluster.run({ mode: 'nftables', tools: 'nft' }, AT_ONCE);
    await expect.poll(() => former.output().match(REMOVED), PATIENCE).toHaveLength(2);
    await cluster.stop();
    const frontend = '10.101.57.97:80';
    const commands: readonly (readonly [string, string])[] = [
      ['ip', 'link add kube-ipvs0 type dummy'],
      ['ip', 'addr add 10.101.57.97/32 dev kube-ipvs0'],
      ['ipvsadm', `-A -t ${frontend} -s rr`],
      ['ipvsadm', `-a -t ${frontend} -r 10.244.0.27:80 -m`],
      ['ipset', 'create KUBE-CLUSTER-IP hash:ip,port'],
      ['ipset', 'add KUBE-CLUSTER-IP 10.101.57.97,tcp:80'],
      ['iptables', '-t nat -N KUBE-SERVICES'],
      ['iptables', '-t nat -A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT'],
      ['iptables', '-t nat -A PREROUTING -j KUBE-SERVICES'],
    ];
    for (const [file, args] of commands) await cluster.exec(file, args.split(' '));
    expect(await cluster.ask('gone', 'IPv4')).toBe('answered');
    cluster.publish(['steady', 'drained'], true);
    const run = await cluster.run({ mode: 'nftables', tools: 'nft' }, AT_ONCE);
    await expect.poll(() => run.output(), PATIENCE).toMatch(/or mode: .*1 virtual servers .*1 IP sets/);
    expect(await cluster.ask('gone', 'IPv4')).toBe('not answered');
    await expectNoIpvs();
    expect((await cluster.rules('nft')).join('\n')).not.toContain('KUBE-SERVICES');
  });
});

/** From and to the ipvs mode: what the former mode left is in force no more after the first sync. */

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeftoversCluster, type RunningMode } from './leftovers-cluster.ts';

const IPVS: RunningMode = { mode: 'ipvs', tools: 'nft' };
const OTHERS: readonly (readonly [string, RunningMode])[] = [
  ['iptables', { mode: 'iptables', tools: 'nft' }],
  ['nftables', { mode: 'nftables', tools: 'nft' }],
  ['userspace', { mode: 'userspace', tools: 'nft' }],
];
const PATIENCE = { timeout: 100_000 };
const REMOVED = /removed leftovers of another proxy or mode: .*/g;

let cluster: LeftoversCluster;
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

async function change(from: RunningMode | undefined, to: RunningMode): Promise<string> {
  cluster.publish(['steady', 'drained', 'gone'], false);
  if (from !== undefined) await cluster.run(from);
  const all = Array(2 * IP_FAMILIES.length).fill('answered');
  await expect.poll(() => cluster.askAll(['drained', 'gone']), PATIENCE).toEqual(all);
  await cluster.stop();
  cluster.publish(['steady', 'drained'], true);
  const run = await cluster.run(to);
  await expect.poll(() => run.output().match(REMOVED), PATIENCE).toHaveLength(2);
  const nobody = Array(2 * IP_FAMILIES.length).fill('not answered');
  expect(await cluster.askAll(['drained', 'gone'])).toEqual(nobody);
  expect(await cluster.askAll(['steady'])).toEqual(['answered', 'answered']);
  expect(run.output()).not.toMatch(/Z [WE] /);
  return run.output();
}

describe.each(OTHERS)('%s', (_name, other) => {
  it('comes after ipvs', async () => {
    await change(IPVS, other);
    expect(await servers()).toEqual([expect.stringContaining('192.0.2.7:80')]);
    expect(await cluster.exec('ip', ['-o', 'link', 'show'])).not.toContain('kube-ipvs0');
    expect(await cluster.exec('ipset', ['list', '-n'])).toBe('');
  });

  it('comes before ipvs', async () => {
    await change(undefined, IPVS);
    const text = (await cluster.rules('nft')).join('\n');
    expect(text).not.toMatch(/:KUBE-(SVC|SEP|NODEPORTS|PORTALS)/);
    expect(await cluster.nftTables()).toEqual([]);
    expect(text).toContain(':KUBE-IPVS-FILTER');
    await cluster.stop();
  });
});

describe('kube-proxy in ipvs mode was here before', () => {
  it('all that it made goes', async () => {
    // What the test before this one left goes first.
    const former = await cluster.run({ mode: 'nftables', tools: 'nft' });
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
    const run = await cluster.run({ mode: 'nftables', tools: 'nft' });
    await expect.poll(() => run.output(), PATIENCE).toMatch(/or mode: .*1 virtual servers .*1 IP sets/);
    expect(await cluster.ask('gone', 'IPv4')).toBe('not answered');
    expect(await servers()).toEqual([expect.stringContaining('192.0.2.7:80')]);
    expect(await cluster.exec('ip', ['-o', 'link', 'show'])).not.toContain('kube-ipvs0');
    expect((await cluster.rules('nft')).join('\n')).not.toContain('KUBE-SERVICES');
  });
});

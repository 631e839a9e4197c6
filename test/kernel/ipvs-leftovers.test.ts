/** From and to the ipvs mode: what the former mode left is in force no more after the first sync. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IP_FAMILIES } from '../../src/addresses/ip.ts';
import { LeftoversCluster, type RunningMode } from './leftovers-cluster.ts';

const IPVS: RunningMode = { mode: 'ipvs', tools: 'nft' };
const OTHERS: readonly (readonly [string, RunningMode])[] = [
  ['iptables', { mode: 'iptables', tools: 'nft' }],
  ['nftables', { mode: 'nftables', tools: 'nft' }],
  ['userspace', { mode: 'userspace', tools: 'nft' }],
];
const PATIENCE = { timeout: 100_000 };
const REMOVED = /removed what another proxy or mode left: .*/g;

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

/**
 * kube-proxy was here before, in each of its modes, as it programmed the reference case: its rules are loaded with the tools,
 * answer, are taken over and then come back, under traffic. To a pod that no slice has they lead as well, until they are gone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withNamespace } from '@menwei/kernel/netns.ts';
import { applyAccountingObject, observeAccountingSupport } from '@menwei/netlink/nfacct';
import { ACCOUNTING_OBJECTS } from 'menwei/backends/iptables/options.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeftoversCluster, type Variant } from './leftovers-cluster.ts';
import { expectUnharmed, type Traffic } from './traffic.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const RULES = read('../parity/golden/reference-case.iptables-save');
const TABLES = read('../data/reference-case/kube-proxy-1.36.2.nft');
const PATIENCE = { timeout: 20_000 };
/** By then each pod of a Service with two has answered. */
const TRIES = 20;
const VARIANTS: readonly Variant[] = ['legacy', 'nft'];

let cluster: LeftoversCluster;
beforeAll(async () => {
  cluster = await LeftoversCluster.start();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const loadRules = (tools: Variant) => () =>
  cluster.exec(join(cluster.toolsOf(tools), 'iptables-restore'), ['--noflush'], withAccounting(RULES));

/** Some kernels can't count, and then kube-proxy's rules don't. */
function withAccounting(rules: string): string {
  if (!observeAccountingSupport()) return rules.replaceAll(/ -m nfacct --nfacct-name +\S+/g, '');
  withNamespace(cluster.node.namespace, () => {
    for (const name of Object.values(ACCOUNTING_OBJECTS)) applyAccountingObject(name);
  });
  return rules;
}

const KUBE_PROXY = {
  'iptables (legacy)': { mode: 'iptables', tools: 'legacy', load: loadRules('legacy'), owns: /^legacy / },
  'iptables (nf_tables)': { mode: 'iptables', tools: 'nft', load: loadRules('nft'), owns: /^nft / },
  nftables: {
    mode: 'nftables',
    tools: 'nft',
    load: () => cluster.exec('nft', ['-f', '-'], TABLES),
    owns: /^table ip6? kube-proxy$/,
  },
} as const;

const MENWEI = {
  iptables: { mode: 'iptables', tools: 'nft', owns: /^nft / },
  nftables: { mode: 'nftables', tools: 'nft', owns: /^table ip6? menwei$/ },
  userspace: { mode: 'userspace', tools: 'nft', owns: /^nft / },
} as const;

/** What bears a name of kube-proxy's or ours, but for what is this one's. */
async function leftBeside(owns: RegExp): Promise<readonly string[]> {
  const rules = VARIANTS.map(async (tools) => (await cluster.rules(tools)).map((line) => `${tools} ${line}`));
  const named = (await Promise.all(rules)).flat().filter((line) => /KUBE-(?!FIREWALL)/.test(line));
  return [...named, ...(await cluster.nftTables())].filter((line) => !owns.test(line));
}

describe.each([
  ['iptables (legacy)', 'iptables'],
  ['iptables (legacy)', 'nftables'],
  ['iptables (legacy)', 'userspace'],
  ['iptables (nf_tables)', 'iptables'],
  ['iptables (nf_tables)', 'nftables'],
  ['nftables', 'iptables'],
  ['nftables', 'nftables'],
] as const)('kube-proxy in mode %s', (former, mode) => {
  const kubeProxy = KUBE_PROXY[former];
  let traffic: Traffic;

  beforeAll(async () => {
    await cluster.cleanUp();
    expect(await leftBeside(/^$/)).toEqual([]);
    await cluster.forgetConnections();
    await kubeProxy.load();
    cluster.publishReference();
    traffic = await cluster.referenceTraffic();
  });
  afterAll(async () => {
    await cluster.stop();
    await traffic.stop();
  });

  it(`is followed by mode ${mode}`, async () => {
    await cluster.run(MENWEI[mode]);
    await expect.poll(() => leftBeside(MENWEI[mode].owns), PATIENCE).toEqual([]);
    await traffic.tried(TRIES);
    const during = traffic.take();
    await traffic.tried(TRIES);
    const after = traffic.take();
    console.log(`kube-proxy, ${former} → ${mode}: ${during}; then: ${after}`);
    for (const report of [during, after]) expectUnharmed(report);
    expect(after.pods).toEqual(['dns', 'nginx-1', 'nginx-2']);
  });

  // Connections go through the process of the userspace mode, and end with it.
  if (mode === 'userspace') return;

  it(`follows mode ${mode}`, async () => {
    await cluster.stop();
    await kubeProxy.load();
    const printed = await cluster.cleanUp(kubeProxy);
    await traffic.tried(TRIES);
    const report = traffic.take();
    console.log(`${mode} → kube-proxy, ${former}: ${report}`);
    expectUnharmed(report);
    expect(await leftBeside(kubeProxy.owns)).toEqual([]);
    expect(printed).toMatch(
      /^(IPv[46]: (removed .*|kept filter KUBE-FIREWALL of iptables .*)\n)+$|^nothing to remove\n$/,
    );
  });
});

/** Another proxy on the node that is left alone, and one that still runs: both are told of wherever somebody may look. */
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PageReader } from './behaviour/page-reader.ts';
import { LeftoversCluster } from './leftovers-cluster.ts';
import { TestFolder } from './run-cluster.ts';
import { expectUnharmed } from './traffic.ts';

const TABLES = readFileSync(new URL('../data/reference-case/kube-proxy-1.36.2.nft', import.meta.url), 'utf8');
const NFTABLES = { mode: 'nftables', tools: 'nft' } as const;
const OURS = ['table ip menwei', 'table ip6 menwei'];
const THEIRS = ['table ip kube-proxy', 'table ip6 kube-proxy'];
const PATIENCE = { timeout: 20_000 };
/** Rules that came back are told of for twice the wait, which doubles with each return that a slow machine has time for. */
const LONGEST_RECENT_MS = 200_000;

let cluster: LeftoversCluster;
let pages: PageReader;
beforeAll(async () => {
  cluster = await LeftoversCluster.start();
  cluster.publishReference();
  pages = new PageReader(cluster.node.namespace);
});
afterAll(async () => {
  await pages.close();
  await cluster[Symbol.asyncDispose]();
});

async function get(path: string): Promise<string> {
  const page = await pages.read(`http://127.0.0.1:10249${path}`);
  return 'error' in page ? page.error : page.body;
}

describe('--leave-other-proxies', () => {
  it('keeps what kube-proxy has, and says so', async () => {
    await cluster.exec('nft', ['-f', '-'], TABLES);
    const run = await cluster.run(NFTABLES, { flags: ['--leave-other-proxies'] });
    const left =
      /W rules of another proxy or mode are left in place \(--leave-other-proxies\).*table ip6? kube-proxy/g;
    await expect.poll(() => run.output().match(left), PATIENCE).toHaveLength(2);
    expect(await cluster.nftTables()).toEqual([...THEIRS, ...OURS].sort());
    expect(await get('/status')).toMatch(/"warning":"[^"]*\(--leave-other-proxies\)[^"]*table ip kube-proxy/);
    expect(await get('/metrics')).toMatch(/^menwei_other_proxy_rules{ip_family="IPv4"} 1$/m);
    const diff = await cluster.diff(NFTABLES, ['--leave-other-proxies']);
    expect(diff).toMatchObject({ status: 1, stdout: expect.stringContaining('delete table ip kube-proxy') });
    expect(diff.stderr).toMatch(/left in place \(--leave-other-proxies\): table ip kube-proxy/);
    await cluster.stop();
  });
});

describe('a kube-proxy that still runs', () => {
  const folder = new TestFolder();
  let kubeProxy: HostProcess;
  beforeAll(() => {
    folder.write('rules.nft', TABLES);
    const look = 'nft list table ip kube-proxy >/dev/null 2>&1';
    const make = `nft -f ${join(folder.path, 'rules.nft')}`;
    folder.write('kube-proxy', `#!/bin/sh\nwhile :; do ${look} || ${make}; sleep 0.2; done\n`);
    chmodSync(join(folder.path, 'kube-proxy'), 0o755);
    kubeProxy = cluster.node.spawn(join(folder.path, 'kube-proxy'));
  });
  afterAll(() => folder[Symbol.dispose]());

  it('is named when its rules come back, and is not fought without end', async () => {
    const run = await cluster.run(NFTABLES);
    const traffic = await cluster.traffic();
    await expect
      .poll(() => run.output(), PATIENCE)
      .toMatch(
        /W rules of another proxy or mode came back after they were removed; another proxy still runs on this node/,
      );
    await expect.poll(() => get('/metrics'), PATIENCE).toMatch(/^menwei_other_proxy_processes 1$/m);
    await expect
      .poll(() => get('/status'), PATIENCE)
      .toMatch(/"warning":"[^"]*still running: kube-proxy \(pid \d+\)/);
    expect(await get('/metrics')).toMatch(
      /^menwei_other_proxy_rules_returned_total{ip_family="IPv4"} [1-9]/m,
    );
    const report = await traffic.stop();
    console.log(`beside a kube-proxy that still runs: ${report}`);
    expectUnharmed(report);
    expect(run.output().match(/ came back after they were removed/g)?.length).toBeLessThanOrEqual(4);
  });

  it(
    'is gone when it has ended',
    async () => {
      await kubeProxy.stop('SIGKILL');
      await expect.poll(() => get('/status'), { timeout: LONGEST_RECENT_MS }).not.toMatch(/kube-proxy/);
      expect(await cluster.nftTables()).toEqual(OURS);
      expect(await get('/metrics')).toMatch(/^menwei_other_proxy_rules{ip_family="IPv4"} 0$/m);
    },
    1.5 * LONGEST_RECENT_MS,
  );
});

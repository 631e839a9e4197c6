/** Started over the rules of another proxy or of another mode: after the first sync those are in force no more. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { chainId, TABLES } from '@menwei/netfilter/iptables/chain-id.ts';
import { LAYOUT as IPTABLES } from 'menwei/backends/iptables/base.ts';
import { LAYOUT as USERSPACE } from 'menwei/backends/userspace/base.ts';
import { layoutBeside } from 'menwei/backends/xtables/every-layout.ts';
import { isLeftover } from 'menwei/backends/xtables/leftover-rules.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LeftoversCluster, type RunningMode, type Variant } from './leftovers-cluster.ts';
import { expectUnharmed } from './traffic.ts';

const VARIANTS: readonly Variant[] = ['legacy', 'nft'];

/** What others keep in a kernel. */
const FOREIGN = `*filter
:FIREWALL - [0:0]
:KUBE-ROUTER-INPUT - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -j KUBE-ROUTER-INPUT
-A FORWARD -j FIREWALL
COMMIT
*nat
:KUBE-KUBELET-CANARY - [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80
COMMIT
`;

const MODES = {
  'iptables (legacy)': { mode: 'iptables', tools: 'legacy' },
  'iptables (nf_tables)': { mode: 'iptables', tools: 'nft' },
  'userspace (legacy)': { mode: 'userspace', tools: 'legacy' },
  'userspace (nf_tables)': { mode: 'userspace', tools: 'nft' },
  nftables: { mode: 'nftables', tools: 'nft' },
} as const satisfies Readonly<Record<string, RunningMode>>;
type ModeName = keyof typeof MODES;
const LAYOUTS = { iptables: IPTABLES, userspace: USERSPACE, nftables: undefined };

/** A way that leads once from each mode to each other one. */
const NAMES: readonly ModeName[] = [
  'iptables (legacy)',
  'iptables (nf_tables)',
  'userspace (legacy)',
  'userspace (nf_tables)',
  'nftables',
];
const WAY = Array.from('01020304121314232434', (digit) => NAMES[Number(digit)] ?? 'nftables');
const STEPS = WAY.map((from, index) => [from, WAY[(index + 1) % WAY.length] ?? 'nftables'] as const);

const PATIENCE = { timeout: 20_000 };
const REMOVED = /removed leftovers of another proxy or mode: /g;
const NOBODY = Array(2 * IP_FAMILIES.length).fill('not answered');
const EVERYBODY = Array(2 * IP_FAMILIES.length).fill('answered');

let cluster: LeftoversCluster;
let foreign: readonly (readonly string[])[];
let running: ModeName | undefined;

beforeAll(async () => {
  cluster = await LeftoversCluster.start();
  for (const variant of VARIANTS) {
    for (const name of ['iptables', 'ip6tables']) {
      await cluster.exec(join(cluster.toolsOf(variant), `${name}-restore`), ['--noflush'], FOREIGN);
    }
  }
  foreign = [await cluster.rules('legacy'), await cluster.rules('nft')];
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** Runs in a mode, with all Services. */
async function serve(mode: ModeName): Promise<void> {
  cluster.publish(['steady', 'drained', 'gone'], false);
  if (running !== mode) {
    await cluster.stop();
    await cluster.run(MODES[mode]);
    running = mode;
  }
  await expect.poll(() => cluster.askAll(['drained', 'gone']), PATIENCE).toEqual(EVERYBODY);
}

/** Leaves the rules of a mode with all Services behind. */
async function leave(mode: ModeName): Promise<void> {
  await serve(mode);
  await cluster.stop();
  cluster.publish(['steady', 'drained'], true);
}

async function expectRemoved(run: HostProcess): Promise<void> {
  await expect.poll(() => run.output().match(REMOVED), PATIENCE).toHaveLength(2);
  expect(await cluster.askAll(['drained', 'gone'])).toEqual(NOBODY);
  expect(await cluster.askAll(['steady'])).toEqual(['answered', 'answered']);
}

/** Nothing but what the mode has made, and what was there before all of them. */
async function expectClean({ mode, tools }: RunningMode): Promise<void> {
  for (const [index, variant] of VARIANTS.entries()) {
    const rules = await cluster.rules(variant);
    if (mode === 'nftables' || tools !== variant) {
      expect(rules.filter((line) => !line.includes('KUBE-FIREWALL'))).toEqual(foreign[index]);
      continue;
    }
    const beside = layoutBeside(mode === 'ipvs' ? undefined : LAYOUTS[mode]);
    const chains = rules.flatMap((line) => /^\S+ (\S+) :(\S+)/.exec(line)?.slice(1) ?? []);
    expect(chains.length).toBeGreaterThan(0);
    const left = TABLES.flatMap((table) =>
      chains.filter((chain) => isLeftover(beside, table, chain)).map((chain) => chainId(table, chain)),
    ).filter((id) => rules.some((line) => line.includes(id.replace(' ', ' :'))));
    expect(left).toEqual([]);
  }
  expect(await cluster.nftTables()).toEqual(
    mode === 'nftables' ? ['table ip menwei', 'table ip6 menwei'] : [],
  );
}

describe('the mode is changed while the proxy does not run', () => {
  it.each(STEPS)('from %s to %s', async (from, to) => {
    await serve(from);
    let traffic = await cluster.traffic();
    await leave(from);
    const run = await cluster.run(MODES[to]);
    running = to;
    if (MODES[from].mode === 'userspace') {
      traffic = await cluster.trafficAfterUserspace(traffic);
    }
    await expectRemoved(run);
    await expectClean(MODES[to]);
    expect(run.output()).not.toMatch(/Z [WE] /);
    const report = await traffic.stop();
    console.log(`${from} → ${to}: ${report}`);
    expectUnharmed(report);
  });
});

describe('a dry run', () => {
  it('prints what would be removed, and leaves it', async () => {
    await leave('iptables (nf_tables)');
    const before = await cluster.rules('nft');
    const run = await cluster.run(MODES.nftables, { flags: ['--dry-run'] });
    running = undefined;
    for (const family of IP_FAMILIES) {
      await expect
        .poll(() => run.output(), PATIENCE)
        .toContain(`# dry run: ${family}: leftovers of another proxy or mode`);
    }
    expect(run.output()).toMatch(/^-X KUBE-SVC-/m);
    expect(run.output()).not.toMatch(REMOVED);
    expect(await cluster.askAll(['drained', 'gone'])).toEqual(EVERYBODY);
    expect((await cluster.rules('nft')).toSorted()).toEqual(before.toSorted());
    await cluster.stop();

    await expectRemoved(await cluster.run(MODES.nftables));
    running = 'nftables';
  });
});

describe('what can’t be read', () => {
  let bare: string;
  beforeAll(() => {
    bare = mkdtempSync(join(tmpdir(), 'menwei-bare-'));
    // What the lab starts programs with.
    symlinkSync('/usr/bin/setpriv', join(bare, 'setpriv'));
  });
  afterEach(() => rmSync(bare, { recursive: true }));

  it('is not taken for clean, and is looked for again', async () => {
    await leave('iptables (legacy)');
    const run = await cluster.run(MODES.nftables, { path: bare });
    running = undefined;
    await expect
      .poll(
        () =>
          run
            .output()
            .match(/ W leftover rules of another proxy or mode may still be in effect.*/g)
            ?.sort(),
        PATIENCE,
      )
      .toEqual([
        expect.stringContaining('find iptables-legacy: iptables-legacy was not found on the PATH'),
        expect.stringContaining('find ip6tables-legacy: ip6tables-legacy was not found on the PATH'),
      ]);
    expect(await cluster.askAll(['gone'])).toEqual(['answered', 'answered']);
    for (const name of ['iptables', 'ip6tables']) {
      for (const tool of [name, `${name}-save`, `${name}-restore`]) {
        symlinkSync(join(cluster.toolsOf('legacy'), tool), join(bare, tool));
      }
    }
    await expectRemoved(run);
  });
});

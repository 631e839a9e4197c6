/**
 * `menwei run` in nftables mode while somebody else changes its tables with nft, and while it is killed again and again:
 * all is as it should be soon after, and connections that nothing concerns go on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatHostPort, IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { LongLivedConnection } from '@menwei/lab/host.ts';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { createLab, type Lab } from '@menwei/lab/lab.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listObjects, nft } from './nftables-listing.ts';
import { ADDRESSES, LAB, NODE, POD_PORT, PODS, type Pod } from './nftables-objects.ts';
import { TestFolder } from './run-cluster.ts';
import { LAUNCHER } from './run-process.ts';

const BUSY_PODS: readonly Pod[] = ['busy-1', 'busy-2', 'busy-3'];
const folder = new TestFolder();
let lab: Lab;
let run: HostProcess;
const connections: LongLivedConnection[] = [];

function flags(): readonly string[] {
  return [
    ...['--proxy-mode', 'nftables', '--manifests', folder.path, '--hostname-override', NODE],
    ...['--cluster-cidr', IP_FAMILIES.map((family) => ADDRESSES[family].pods).join(',')],
  ];
}

/** A Service in each family and its endpoints. */
function manifestOf(name: string, number: number, pods: readonly Pod[]): string {
  const objects = IP_FAMILIES.flatMap((family) => {
    const metadata = { name: `${name}-${family.toLowerCase()}`, namespace: 'ns' };
    const labels = { 'kubernetes.io/service-name': metadata.name };
    const clusterIP = `${ADDRESSES[family].service}${number}`;
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { clusterIP, clusterIPs: [clusterIP], ipFamilies: [family], ports: [{ port: 80 }] },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels },
        addressType: family,
        ports: [{ name: '', port: POD_PORT, protocol: 'TCP' }],
        endpoints: pods.map((pod) => ({
          addresses: [`${ADDRESSES[family].pod}${11 + PODS.indexOf(pod)}`],
          conditions: { ready: true },
          nodeName: NODE,
        })),
      },
    ];
  });
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

function addressOf(family: IpFamily, number: number): string {
  return formatHostPort(`${ADDRESSES[family].service}${number}`, 80);
}

/** Eventually: what happens some time after its cause. */
function soon<T>(ask: () => T | Promise<T>) {
  return expect.poll(ask, { timeout: 20_000, interval: 20 });
}

function tables(): readonly string[] {
  return inNode(() => listObjects('ruleset'));
}

function inNode<T>(action: () => T): T {
  return lab.node(NODE).run(action);
}

function start(): void {
  run = lab.node(NODE).spawn(LAUNCHER, ['run', ...flags()]);
}

function warnings(): readonly string[] {
  return run
    .output()
    .split('\n')
    .filter((line) => / [WE] /.test(line))
    .map((line) => line.replace(/^\S+ /, ''));
}

async function expectConnected(): Promise<void> {
  for (const connection of connections) expect(await connection.echo('there?')).toBe('there?');
}

beforeAll(async () => {
  lab = await createLab(LAB);
  folder.write('steady.yaml', manifestOf('steady', 1, ['steady']));
  folder.write('busy.yaml', manifestOf('busy', 2, BUSY_PODS));
  start();
  for (const family of IP_FAMILIES) {
    const ask = async () => expect(await lab.pod('visitor').http(addressOf(family, 2))).toHaveProperty('pod');
    await vi.waitFor(ask, { timeout: 20_000 });
    const connection = await lab.pod('visitor').open(addressOf(family, 1));
    if (isFailure(connection)) throw new Error(connection.detail);
    connections.push(connection);
  }
});
afterAll(async () => {
  await lab?.close();
  folder[Symbol.dispose]();
});

it('starts without a word of warning, though both families change the ruleset at the same time', () => {
  expect(warnings()).toEqual([]);
});

describe('somebody changes the tables', () => {
  const BY_NFT = String.raw`W drift: nft \(process \d+\)`;

  it.each([
    ['deletes one', 'delete table ip menwei', `${BY_NFT} deleted table; resyncing`],
    ['deletes the other', 'delete table ip6 menwei', `${BY_NFT} deleted table; resyncing`],
    ['deletes all there is', 'flush ruleset', `${BY_NFT} deleted table; resyncing`],
    ['takes all rules out of one', 'flush table ip menwei', `${BY_NFT} deleted rule of `],
    [
      'takes the rules out of a chain',
      'flush chain ip6 menwei services',
      `${BY_NFT} deleted rule of services, deleted rule of services`,
    ],
    [
      'takes an element away',
      'delete element ip menwei frontends { 172.30.0.2 . tcp . 80 }',
      `${BY_NFT} deleted element of frontends; resyncing`,
    ],
    [
      'puts an element in',
      'add element ip menwei frontends { 172.30.0.3 . tcp . 80 : 0:1 }',
      `${BY_NFT} added element of frontends; resyncing`,
    ],
    [
      'gives an element other data',
      `delete element ip6 menwei frontends { fd00:30::2 . tcp . 80 }
       add element ip6 menwei frontends { fd00:30::2 . tcp . 80 : 0:1 }`,
      `${BY_NFT} .*element of frontends.*; resyncing`,
    ],
    ['empties a map', 'flush map ip menwei frontends', `${BY_NFT} deleted .*of frontends; resyncing`],
    [
      'takes the verdict from a number',
      'flush map ip menwei picks',
      `${BY_NFT} deleted .*of picks; resyncing`,
    ],
    ['adds a rule', 'insert rule ip menwei services drop', `${BY_NFT} added rule in services; resyncing`],
    [
      'adds a chain with a hook',
      'add chain ip menwei theirs { type filter hook forward priority 0; policy accept; }',
      `${BY_NFT} added chain theirs; resyncing`,
    ],
    [
      'adds a map that leads to a chain',
      'add map ip6 menwei theirs { type inet_service : verdict; elements = { 80 : goto services }; }',
      `${BY_NFT} added set theirs, added element of theirs; resyncing`,
    ],
    [
      'adds a rule of other kinds of expressions, and a set without a name',
      'insert rule ip menwei services ip ttl 64 ip daddr { 192.0.2.1, 192.0.2.2 } counter drop',
      `${BY_NFT} added set .* and 1 more changes; resyncing`,
    ],
    [
      'gives a chain a policy',
      'chain ip menwei filter-input { policy drop; }',
      `${BY_NFT} added chain filter-input`,
    ],
    ['renames a chain', 'rename chain ip6 menwei remember theirs', `${BY_NFT} .*chain.*; resyncing`],
    ['puts one to sleep', 'add table ip menwei { flags dormant; }', `${BY_NFT} added table; resyncing`],
  ])('%s', async (_what, script, told) => {
    const before = tables();
    const warningsBefore = warnings().length;
    inNode(() => nft(['-f', '-'], script));
    await soon(() => warnings().slice(warningsBefore)).toContainEqual(expect.stringMatching(told));
    await soon(tables).toEqual(before);
    await expectConnected();
    for (const family of IP_FAMILIES) {
      expect(await lab.pod('visitor').http(addressOf(family, 2))).toHaveProperty('pod');
    }
    expect(warnings().filter((line) => line.startsWith('E'))).toEqual([]);
  });

  it('says nothing of what somebody does elsewhere', async () => {
    const before = tables();
    const warningsBefore = warnings().length;
    inNode(() => nft(['-f', '-'], 'add table ip other\nadd chain ip other services\ndelete table ip other'));
    inNode(() => nft(['-f', '-'], 'add table inet menwei\ndelete table inet menwei'));
    // News comes in its order: when this is known, so is what came before.
    inNode(() => nft(['flush', 'chain', 'ip', 'menwei', 'remember']));
    await soon(tables).toEqual(before);
    // The line may be on its way here still.
    await soon(() => warnings().slice(warningsBefore)).toEqual([
      expect.stringContaining('deleted rule of remember'),
    ]);
  });
});

describe('the proxy is killed again and again while endpoints come and go', () => {
  it('ends with the rules of the last objects', async () => {
    for (const aliveMs of [0, 100, 300, 700, 1_500]) {
      await run.stop('SIGKILL');
      start();
      const deadline = performance.now() + aliveMs;
      for (let turn = 0; performance.now() < deadline; turn++) {
        folder.write('busy.yaml', manifestOf('busy', 2, BUSY_PODS.slice(turn % 3)));
        await sleep(20);
      }
    }
    await run.stop('SIGKILL');
    folder.write('busy.yaml', manifestOf('busy', 2, ['busy-2']));
    start();
    const compare = () => lab.node(NODE).exec(LAUNCHER, ['diff', ...flags()]);
    await soon(compare).toMatchObject({ status: 0, stdout: '' });
    await expectConnected();
    for (const family of IP_FAMILIES) {
      expect(await lab.pod('visitor').http(addressOf(family, 2))).toMatchObject({ pod: 'busy-2' });
    }
  });
});

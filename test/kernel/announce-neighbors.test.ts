/** What neighbours make of what the speaker says: the kernel's own cache, arping, ndisc6, tcpdump, and a bridge that snoops. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answer, gratuitous, probe } from '@menwei/neighbor/announcing.ts';
import { encode } from '@menwei/neighbor/frame.ts';
import { listen, NETLINK_ROUTE } from '@menwei/netlink';
import type { Claim } from 'menwei/announce/speaker.ts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AnnouncingNode } from './announcing-node.ts';
import { BridgedSegment, type CableEnd, connect, Namespace } from './segment-namespaces.ts';

const VIP4 = '192.0.2.100';
const VIP6 = '2001:db8::100';
const CLIENT_MAC = '02:00:00:00:00:aa';
const OLD_MAC = '02:00:00:00:00:99';
const RTNLGRP_NEIGH = 3;

function namespace(): Namespace {
  const made = new Namespace();
  onTestFinished(() => made[Symbol.dispose]());
  return made;
}

async function announcing(at: Namespace): Promise<AnnouncingNode> {
  const node = await AnnouncingNode.open(at);
  onTestFinished(() => node[Symbol.asyncDispose]());
  return node;
}

function macOf(number: number): string {
  return `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
}

function nodeEnd(at: Namespace, number: number): CableEnd {
  return { at, name: 'eth0', mac: macOf(number), linkLocal: `fe80::${number}` };
}

function clientEnd(at: Namespace): CableEnd {
  return { at, name: 'eth0', mac: CLIENT_MAC, linkLocal: 'fe80::aa' };
}

/** With an address of each family on eth0. */
function addressed(at: Namespace, number: number): void {
  at.ip('address', 'add', `192.0.2.${number}/24`, 'dev', 'eth0');
  at.ip('address', 'add', `2001:db8::${number}/64`, 'dev', 'eth0', 'nodad');
}

/** Three nodes and a client, on one bridge. */
async function segment(...options: readonly string[]) {
  const bridge = new BridgedSegment(...options);
  onTestFinished(() => bridge[Symbol.dispose]());
  const client = namespace();
  bridge.plug(clientEnd(client));
  addressed(client, 2);
  const nodes: AnnouncingNode[] = [];
  for (const number of [11, 12, 13]) {
    const at = namespace();
    bridge.plug(nodeEnd(at, number));
    nodes.push(await announcing(at));
  }
  return { bridge, client, nodes };
}

/** All MAC addresses in what a tool prints, each once. */
function macsIn(output: string): readonly string[] {
  const found = output.match(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/gi) ?? [];
  return [...new Set(found.map((mac) => mac.toLowerCase()))].sort();
}

const ARPING = ['arping', '-i', 'eth0', '-c', '4', '-w', '3', '-W', '0.05'] as const;
const NDISC = ['ndisc6', '-m', '-n', '-r', '1', '-w', '300'] as const;

describe('a neighbour with an entry of another owner', () => {
  it.each([VIP4, VIP6])('has that of the new one at once: %s', async (ip) => {
    const [client, at] = [namespace(), namespace()];
    connect(clientEnd(client), nodeEnd(at, 11));
    addressed(client, 2);
    client.ip('neigh', 'replace', ip, 'lladdr', OLD_MAC, 'dev', 'eth0', 'nud', 'stale');
    const node = await announcing(at);
    const end = new AbortController();
    const updated = Promise.withResolvers<number>();
    const listening = Promise.withResolvers<void>();
    const mac = Buffer.from(macOf(11).replaceAll(':', ''), 'hex');
    const ended = client.within(() =>
      listen(
        NETLINK_ROUTE,
        [RTNLGRP_NEIGH],
        {
          ready: listening.resolve,
          onDatagram(messages) {
            if (messages.some(({ payload }) => Buffer.from(payload).includes(mac))) {
              updated.resolve(performance.now());
            }
          },
          onLost: () => undefined,
        },
        end.signal,
      ),
    );
    await listening.promise;
    const startedMs = performance.now();
    node.announce('eth0', ip);
    const tookMs = (await updated.promise) - startedMs;
    end.abort();
    await ended;
    console.log(`the entry for ${ip} was that of the new owner after ${tookMs.toFixed(1)} ms`);
    expect(client.ip('neigh', 'show', ip)).toContain(macOf(11));
    expect(tookMs).toBeLessThan(2_000);
  });
});

/** Which MAC address the kernel of a client finds for an address; it need not answer anything else. */
async function neighborOf(client: Namespace, ip: string): Promise<readonly string[]> {
  client.ip('neigh', 'flush', 'dev', 'eth0');
  await client.start('ping', '-c', '1', '-W', '0.3', ip);
  return macsIn(client.ip('neigh', 'show', ip));
}

describe('arping, ndisc6 and the kernel of a client', () => {
  it('see exactly one of three nodes, while the address goes from one to the other', async () => {
    const { client, nodes } = await segment('mcast_snooping', '0');
    for (const [index, owner] of nodes.entries()) {
      for (const node of nodes) node.announce('eth0', ...(node === owner ? [VIP4, VIP6] : []));
      const found = macsIn((await client.start(...ARPING, VIP4)).output);
      const [ipv4, ipv6] = [await neighborOf(client, VIP4), await neighborOf(client, VIP6)];
      expect([found, ipv4, ipv6]).toEqual(Array(3).fill([macOf(11 + index)]));
    }
    for (const node of nodes) node.announce('eth0');
    expect(macsIn((await client.start(...ARPING, VIP4)).output)).toEqual([]);
  });

  it('are answered by that one alone', async () => {
    const { client, nodes } = await segment('mcast_snooping', '0');
    nodes[1]?.announce('eth0', VIP6);
    // ndisc6 1.0.5 shows only what comes from the very address that it asks for; the kernel needs no such thing.
    await client.start(...NDISC, VIP6, 'eth0');
    expect(nodes.map(({ speaker }) => speaker.observe()[0]?.answers)).toEqual([undefined, 1, undefined]);
  });

  it('are answered by unicast and as newcomers, too', async () => {
    const { client, nodes } = await segment('mcast_snooping', '0');
    nodes[0]?.announce('eth0', VIP4);
    for (const how of [['-t', macOf(11)], ['-0']]) {
      const { output } = await client.start(...ARPING, ...how, VIP4);
      expect(output).toContain('4 packets received,   0% unanswered');
    }
  });
});

describe('a host that has the address already', () => {
  it.each([VIP4, VIP6])('is found by a probe: %s', async (ip) => {
    const { bridge, nodes } = await segment('mcast_snooping', '0');
    const host = namespace();
    bridge.plug({ ...clientEnd(host), mac: OLD_MAC, linkLocal: 'fe80::99' });
    host.ip('address', 'add', `${ip}/${ip.includes(':') ? 64 : 24}`, 'dev', 'eth0', 'nodad');
    const timing = { count: 3, intervalMs: 200 };
    const signal = new AbortController().signal;
    expect(await nodes[0]?.speaker.probe(ip, 'eth0', timing, signal)).toBe(OLD_MAC);
    nodes[1]?.announce('eth0', '192.0.2.101');
    expect(await nodes[0]?.speaker.probe('192.0.2.101', 'eth0', timing, signal)).toBe(macOf(12));
  });

  it('is heard when it says so', async () => {
    const { client, nodes } = await segment('mcast_snooping', '0');
    const claims: Claim[] = [];
    nodes[0]?.speaker.onClaim((claim) => claims.push(claim));
    nodes[0]?.announce('eth0', VIP4);
    await client.start('arping', '-U', '-i', 'eth0', '-c', '1', '-W', '0.05', '-S', VIP4, VIP4);
    await vi.waitFor(() => {
      expect(claims).toContainEqual({ address: VIP4, interface: 'eth0', mac: CLIENT_MAC });
    });
  });
});

it('a bridge that passes on only what was asked for passes on solicitations', async () => {
  const querier = ['mcast_snooping', '1', 'mcast_querier', '1', 'mcast_startup_query_interval', '20'];
  const { client, nodes, bridge } = await segment(...querier, 'mcast_query_response_interval', '20');
  const listens = () => bridge.at.run('bridge', 'mdb', 'show').output.includes('ff02::1:ff00:100');
  expect(listens()).toBe(false);
  nodes[1]?.announce('eth0', VIP6);
  await vi.waitFor(() => expect(listens()).toBe(true));
  expect(await neighborOf(client, VIP6)).toEqual([macOf(12)]);
  nodes[1]?.announce('eth0');
  await vi.waitFor(() => expect(listens()).toBe(false));
});

it('tcpdump has nothing to complain of', () => {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-frames-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const us = { mac: macOf(1), linkLocal: 'fe80::ff:fe00:1' };
  const asked = [probe(VIP4, CLIENT_MAC), probe(VIP6, CLIENT_MAC)];
  const said = [VIP4, VIP6].flatMap((ip) => gratuitous(ip, us));
  const answers = asked.flatMap((question) => answer(question, us) ?? []);
  const file = join(folder, 'frames.pcap');
  writeFileSync(file, captured([...said, ...asked, ...answers].map(encode)));
  const { status, output } = namespace().run('tcpdump', '-Z', 'root', '-envvtr', file);
  expect(status).toBe(0);
  expect(output).not.toMatch(/bad|wrong|incorrect|malformed|invalid|\[\|/i);
  const text = output.replaceAll(/\s+/g, ' ');
  for (const part of [
    'Request who-has 192.0.2.100 (ff:ff:ff:ff:ff:ff) tell 192.0.2.100',
    'Reply 192.0.2.100 is-at 02:00:00:00:00:01',
    'neighbor advertisement, length 32, tgt is 2001:db8::100, Flags [override] destination link-address option (2), length 8 (1): 02:00:00:00:00:01',
    'Request who-has 192.0.2.100 tell 0.0.0.0',
    'neighbor solicitation, length 24, who has 2001:db8::100',
  ]) {
    expect(text).toContain(part.replace(' (ff:ff:ff:ff:ff:ff)', ''));
  }
  expect(text.match(/\[icmp6 sum ok\]/g)).toHaveLength(3);
});

/** A file of captured frames (pcap), of Ethernet. */
function captured(frames: readonly Uint8Array[]): Uint8Array {
  const header = Buffer.alloc(24);
  for (const [at, number] of [
    [0, 0xa1b2c3d4],
    [16, 65_535],
    [20, 1],
  ] as const) {
    header.writeUInt32LE(number, at);
  }
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  const records = frames.flatMap((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([header, ...records]);
}

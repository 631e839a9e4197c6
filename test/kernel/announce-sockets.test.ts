/** Packet sockets on a cable with two ends: what they hear, what they send, and what becomes of them. */
import { spawnSync } from 'node:child_process';
import { lastWordOf, rangesOf } from '@menwei/neighbor/address-ranges.ts';
import { gratuitous, probe } from '@menwei/neighbor/announcing.ts';
import { decode, encode } from '@menwei/neighbor/frame.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { openPacketSocket, type PacketSocket } from '@menwei/neighbor/packet-socket.ts';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

const NEAR = '02:00:00:00:00:01';
const FAR = '02:00:00:00:00:02';

beforeEach(async () => {
  unshare(CLONE_NEWNET);
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'near', 'address', NEAR, 'type', 'veth', 'peer', 'name', 'far', 'address', FAR);
  for (const name of ['near', 'far']) ip('link', 'set', name, 'up');
  await untilUp();
});

/** Until then the kernel drops what is sent, and says nothing of it. */
async function untilUp(): Promise<void> {
  await vi.waitFor(() => expect(links().map(({ operstate }) => operstate)).toEqual(['UP', 'UP']));
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

interface Ear {
  readonly socket: PacketSocket;
  readonly heard: NeighborMessage[];
  readonly errors: string[];
}

function open(protocol: 'ARP' | 'NDP', index: number): Ear {
  const [heard, errors]: [NeighborMessage[], string[]] = [[], []];
  const socket = openPacketSocket(protocol, index, {
    onFrame(frame) {
      const message = decode(frame);
      if (message !== undefined) heard.push(message);
    },
    onError: ({ message }) => errors.push(message),
  });
  onTestFinished(() => socket[Symbol.dispose]());
  return { socket, heard, errors };
}

interface KernelLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly operstate: string;
}

/** As `ip` shows them, which knows namespaces of threads. */
function links(): readonly KernelLink[] {
  const all: readonly KernelLink[] = JSON.parse(
    spawnSync('ip', ['-json', 'link'], { encoding: 'utf8' }).stdout,
  );
  return all.filter(({ ifname }) => ifname !== 'lo');
}

function indexes(): readonly [near: number, far: number] {
  const find = (name: string) => links().find(({ ifname }) => ifname === name)?.ifindex ?? 0;
  return [find('near'), find('far')];
}

describe('a packet socket', () => {
  it('hears what is said at the other end, and not what is said at its own', async () => {
    const [nearIndex, farIndex] = indexes();
    const [near, far] = [open('ARP', nearIndex), open('ARP', farIndex)];
    const sent = [
      ...gratuitous('192.0.2.100', { mac: NEAR, linkLocal: undefined }),
      probe('192.0.2.7', NEAR),
    ];
    for (const message of sent) near.socket.send(encode(message));
    await vi.waitFor(() => expect(far.heard).toEqual(sent));
    expect(near.heard).toEqual([]);
  });

  it('of neighbour discovery hears nothing else', async () => {
    const [nearIndex, farIndex] = indexes();
    const [near, far] = [open('NDP', nearIndex), open('NDP', farIndex)];
    const said = encode(probe('2001:db8::100', NEAR));
    const forwarded = said.slice();
    forwarded[21] = 254;
    const echo = said.slice();
    echo[54] = 128;
    const redirect = said.slice();
    redirect[54] = 137;
    for (const frame of [forwarded, echo, redirect, encode(probe('192.0.2.7', NEAR)), said])
      near.socket.send(frame);
    await vi.waitFor(() => expect(far.heard).toContainEqual(probe('2001:db8::100', NEAR)));
    expect(far.heard.filter(({ source }) => source !== NEAR && source !== FAR)).toEqual([]);
    expect(far.errors).toEqual([]);
  });

  it('hears nothing that is for somebody else, or of a VLAN', async () => {
    const [nearIndex, farIndex] = indexes();
    const [near, far] = [open('ARP', nearIndex), open('ARP', farIndex)];
    const asked = probe('192.0.2.7', NEAR);
    for (const message of [{ ...asked, destination: '02:00:00:00:00:99' }, { ...asked, vlan: 5 }, asked]) {
      near.socket.send(encode(message));
    }
    await vi.waitFor(() => expect(far.heard).toEqual([asked]));
  });

  it('hears of some addresses only, when that is wanted', async () => {
    const [nearIndex, farIndex] = indexes();
    const [near, far] = [open('ARP', nearIndex), open('ARP', farIndex)];
    const [near6, far6] = [open('NDP', nearIndex), open('NDP', farIndex)];
    const scattered = Array.from({ length: 200 }, (_, index) => `10.${index}.${(index * 37) % 256}.1`);
    far.socket.hearOf(rangesOf(['192.0.2.7', ...scattered].map(lastWordOf), 32));
    far6.socket.hearOf(rangesOf([lastWordOf('2001:db8::7')], 1));
    const said = [
      probe('192.0.2.7', NEAR),
      probe('10.199.195.1', NEAR),
      ...gratuitous('192.0.2.7', { mac: NEAR, linkLocal: undefined }),
    ];
    const others = ['192.0.2.6', '192.0.2.8', '203.0.113.1'].map((ip) => probe(ip, NEAR));
    for (const message of [...others, ...said]) near.socket.send(encode(message));
    const [unsolicited = said[0]] = gratuitous('2001:db8::7', { mac: NEAR, linkLocal: 'fe80::1' });
    const said6 = [probe('2001:db8::7', NEAR), unsolicited].flatMap((message) => message ?? []);
    for (const message of [probe('2001:db8::8', NEAR), ...said6]) near6.socket.send(encode(message));
    await vi.waitFor(() => expect([far.heard, far6.heard]).toEqual([said, said6]));
    far.socket.hearOf([]);
    near.socket.send(encode(probe('192.0.2.7', NEAR)));
    far.socket.hearOf(rangesOf([lastWordOf('192.0.2.8')], 1));
    near.socket.send(encode(probe('192.0.2.8', NEAR)));
    await vi.waitFor(() => expect(far.heard.slice(said.length)).toEqual([probe('192.0.2.8', NEAR)]));
  });

  it('lasts while its interface goes down and comes up, and ends with it', async () => {
    const [nearIndex, farIndex] = indexes();
    const [near, far] = [open('ARP', nearIndex), open('ARP', farIndex)];
    ip('link', 'set', 'far', 'down');
    await vi.waitFor(() => expect(far.errors).toEqual([expect.stringContaining('ENETDOWN')]));
    expect(far.socket.isBound()).toBe(true);
    ip('link', 'set', 'far', 'up');
    await untilUp();
    near.socket.send(encode(probe('192.0.2.7', NEAR)));
    await vi.waitFor(() => expect(far.heard).toHaveLength(1));
    ip('link', 'delete', 'far');
    expect(far.socket.isBound()).toBe(false);
    expect(() => far.socket.send(encode(probe('192.0.2.7', FAR)))).toThrow('send 42 bytes');
    far.socket[Symbol.dispose]();
    expect(far.socket.isBound()).toBe(false);
  });

  it('cannot be opened where there is no such interface', () => {
    expect(() => open('ARP', 9999)).toThrow('ENODEV');
  });
});

/** Interfaces and their addresses on the real kernel; dummy interfaces are what the ipvs mode has its addresses on. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { type KernelLinks, openLinkClient } from '@menwei/netlink/route';
import { describeLinks } from '@menwei/testing/kernel/links-laws.ts';
import { afterEach, describe, expect, it } from 'vitest';

const open: Disposable[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client[Symbol.dispose]();
});

function ip(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function openInNewNamespace(): KernelLinks {
  unshare(CLONE_NEWNET);
  ip('link', 'set', 'lo', 'up');
  const client = openLinkClient();
  open.push(client);
  return client;
}

describeLinks('the kernel', openInNewNamespace);

/** As `ip -j address show` says it, without what the kernel gives to an interface by itself. */
interface ShownInterface {
  readonly operstate: string;
  readonly linkinfo?: { readonly info_kind: string };
  readonly addr_info: readonly {
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

function show(name: string): ShownInterface {
  const [shown] = JSON.parse(ip('-j', '-d', 'address', 'show', 'dev', name));
  return shown;
}

const VIPS = ['10.96.0.1', 'fd96::1'] as const;
const signal = new AbortController().signal;

async function applyVips(client: KernelLinks): Promise<void> {
  client.applyDummy('kube-ipvs0');
  await client.applyAddresses(
    'kube-ipvs0',
    VIPS.map((ip) => ({ change: 'add', ip })),
    signal,
  );
}

/** Another network namespace on a wire; returns the id of a process in it. */
async function connectNeighbour(): Promise<number> {
  const neighbour = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 60']);
  open.push({ [Symbol.dispose]: () => void neighbour.kill('SIGKILL') });
  await once(neighbour.stdout, 'data');
  const pid = neighbour.pid ?? 0;
  ip('link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', `${pid}`);
  const there = (...args: readonly string[]): void =>
    expect(spawnSync('nsenter', ['-t', `${pid}`, '-n', 'ip', ...args]).status).toBe(0);
  for (const [run, device, ends] of [
    [ip, 'here', ['10.9.0.1/24', 'fd09::1/64']],
    [there, 'there', ['10.9.0.2/24', 'fd09::2/64']],
  ] as const) {
    run('link', 'set', device, 'up');
    for (const end of ends)
      run('address', 'add', end, 'dev', device, ...(end.includes(':') ? ['nodad'] : []));
  }
  there('route', 'add', 'default', 'via', '10.9.0.1');
  there('-6', 'route', 'add', 'default', 'via', 'fd09::1');
  return pid;
}

/** Greets with the address it was called at. */
async function openServer(): Promise<number> {
  const server: Server = createServer((socket) => socket.end(socket.localAddress ?? ''));
  open.push({ [Symbol.dispose]: () => void server.close() });
  server.listen(0, '::');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a dummy interface', () => {
  it('is what ip shows', async () => {
    await applyVips(openInNewNamespace());
    const { operstate, linkinfo, addr_info } = show('kube-ipvs0');
    expect({ operstate, kind: linkinfo?.info_kind }).toEqual({ operstate: 'DOWN', kind: 'dummy' });
    expect(addr_info.map(({ local, prefixlen, scope }) => [local, prefixlen, scope])).toEqual([
      ['10.96.0.1', 32, 'global'],
      ['fd96::1', 128, 'global'],
    ]);
  });

  it.each(VIPS)('makes %s an address of this machine though it is down', async (vip) => {
    await applyVips(openInNewNamespace());
    const port = await openServer();
    const neighbour = await connectNeighbour();
    const call = `exec 3<>/dev/tcp/${vip}/${port} && cat <&3`;
    for (const command of [
      ['bash', '-c', call],
      ['nsenter', '-t', `${neighbour}`, '-n', 'bash', '-c', call],
    ]) {
      const caller = spawn('timeout', ['10', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
      expect(String(await once(caller.stdout, 'data'))).toBe(vip.includes(':') ? vip : `::ffff:${vip}`);
    }
  });

  it('is observed with what ip put on it', async () => {
    const client = openInNewNamespace();
    client.applyDummy('kube-ipvs0');
    ip('address', 'add', '10.1.0.1', 'peer', '10.1.0.2/31', 'dev', 'kube-ipvs0');
    ip('address', 'add', '10.1.0.5/24', 'scope', 'link', 'dev', 'kube-ipvs0');
    ip('address', 'add', 'fd01::1/64', 'dev', 'kube-ipvs0');
    ip('address', 'add', 'fd01::3', 'peer', 'fd01::4/127', 'dev', 'kube-ipvs0');
    const observed = async (family: 'IPv4' | 'IPv6') =>
      (await client.observeAddresses(family, signal, 'kube-ipvs0'))
        .map(({ ip, prefixLength, scope }) => `${ip}/${prefixLength} ${scope}`)
        .sort();
    expect(await observed('IPv4')).toEqual(['10.1.0.1/31 global', '10.1.0.5/24 link']);
    expect(await observed('IPv6')).toEqual(['fd01::1/64 global', 'fd01::3/127 global']);
  });
});

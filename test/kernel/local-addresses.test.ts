/** The addresses of a node that has just lost and won some, on the real kernel. */
import { spawn, spawnSync } from 'node:child_process';
import { isReachable, LocalAddresses } from '@menwei/kernel/local-addresses.ts';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { type KernelLinks, openLinkClient } from '@menwei/netlink/route';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const DEVICE = 'kube-ipvs0';
let client: KernelLinks;
let end: AbortController;

beforeEach(() => {
  unshare(CLONE_NEWNET);
  ip('link', 'set', 'lo', 'up');
  // Of no kind that matters: what counts is the name.
  ip('link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', 'eth0');
  client = openLinkClient();
  end = new AbortController();
});
afterEach(() => {
  end.abort();
  client[Symbol.dispose]();
});

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

function openLocal(client: KernelLinks): LocalAddresses {
  return new LocalAddresses({ client, excluded: ['lo', DEVICE], counts: isReachable });
}

async function watch() {
  const local = openLocal(client);
  await local.observe(end.signal);
  const changed = vi.fn();
  const looks = vi.spyOn(client, 'observeAddresses');
  const ended = local.watch(changed, end.signal);
  await vi.waitFor(() => expect(looks).toHaveBeenCalledTimes(2));
  looks.mockClear();
  return { local, changed, looks, ended };
}

describe('local addresses', () => {
  it('are those that ip put on interfaces', async () => {
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    ip('address', 'add', '2001:db8::1/64', 'dev', 'eth0');
    ip('address', 'add', 'fe80::1/64', 'dev', 'eth0');
    ip('address', 'add', '10.96.0.1/32', 'dev', DEVICE);
    ip('address', 'add', '192.0.2.2/32', 'dev', 'lo');
    const local = openLocal(client);
    expect(await local.observe(end.signal)).toBe(true);
    expect([local.of('IPv4'), local.of('IPv6')]).toEqual([['192.0.2.1'], ['2001:db8::1']]);
    expect(await local.observe(end.signal)).toBe(false);
  });

  it('are watched', async () => {
    const { local, changed } = await watch();
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    expect(local.of('IPv4')).toEqual(['192.0.2.1']);
    ip('address', 'add', '2001:db8::1/64', 'dev', 'eth0', 'nodad');
    await vi.waitFor(() => expect(local.of('IPv6')).toEqual(['2001:db8::1']));
    ip('link', 'delete', 'eth0');
    await vi.waitFor(() => expect([...local.of('IPv4'), ...local.of('IPv6')]).toEqual([]));
  });

  it('of IPv6 are usable as soon as the kernel has made sure that nobody else has them', async () => {
    ip('link', 'set', 'eth0', 'up');
    ip('link', 'set', DEVICE, 'up');
    const { local, changed } = await watch();
    ip('address', 'add', '2001:db8::1/64', 'dev', 'eth0');
    await vi.waitFor(() => expect(local.of('IPv6')).toEqual(['2001:db8::1']));
    expect(local.usable('IPv6')).toEqual([]);
    await vi.waitFor(() => expect(local.usable('IPv6')).toEqual(['2001:db8::1']));
    expect(changed).toHaveBeenCalledTimes(2);
    // Deprecated, and so no longer the source of new connections, but as good as before for those who ask for it.
    ip('address', 'change', '2001:db8::1/64', 'dev', 'eth0', 'preferred_lft', '0');
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    await vi.waitFor(() => expect(local.usable('IPv4')).toEqual(['192.0.2.1']));
    expect(local.usable('IPv6')).toEqual(['2001:db8::1']);
    expect(changed).toHaveBeenCalledTimes(3);
  });

  it('go with an interface that goes down or elsewhere', async () => {
    ip('link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth2');
    for (const [name, number] of [
      ['eth0', 1],
      ['eth1', 2],
    ] as const) {
      ip('link', 'set', name, 'up');
      ip('address', 'add', `192.0.2.${number}/24`, 'dev', name);
      ip('address', 'add', `2001:db8::${number}/64`, 'dev', name, 'nodad');
    }
    const { local } = await watch();
    expect(local.usable('IPv6')).toEqual(['2001:db8::1', '2001:db8::2']);
    // The kernel keeps the addresses of IPv4 meanwhile, and goes on answering at them.
    ip('link', 'set', 'eth0', 'down');
    await vi.waitFor(() => expect(local.usable('IPv6')).toEqual(['2001:db8::2']));
    expect(local.usable('IPv4')).toEqual(['192.0.2.1', '192.0.2.2']);
    const other = spawn('unshare', ['-n', 'sleep', '60']);
    try {
      await vi.waitFor(() => ip('link', 'set', 'eth1', 'netns', String(other.pid)));
      await vi.waitFor(() => expect(local.usable('IPv4')).toEqual(['192.0.2.1']));
      expect(local.usable('IPv6')).toEqual([]);
    } finally {
      other.kill();
    }
  });

  it('are looked at anew when the watch begins', async () => {
    const local = openLocal(client);
    await local.observe(end.signal);
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    const changed = vi.fn();
    void local.watch(changed, end.signal);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    expect(local.of('IPv4')).toEqual(['192.0.2.1']);
  });

  it('are not looked at for what happens on interfaces that do not count', async () => {
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    const { local, changed, looks } = await watch();
    const ips = Array.from({ length: 1000 }, (_, index) => `10.96.${index >> 8}.${index & 0xff}`);
    for (const change of ['add', 'remove'] as const) {
      await client.applyAddresses(
        DEVICE,
        ips.map((ip) => ({ change, ip })),
        end.signal,
      );
    }
    ip('address', 'add', 'fd96::1/128', 'dev', DEVICE);
    ip('link', 'set', DEVICE, 'up');
    ip('address', 'add', '192.0.2.2/32', 'dev', 'lo');
    ip('address', 'add', 'fe80::1/64', 'dev', 'eth0');
    // The same address once more, on another interface.
    ip('address', 'add', '192.0.2.3/24', 'dev', 'eth0');
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    expect(looks).toHaveBeenCalledTimes(2);
    expect(local.of('IPv4')).toEqual(['192.0.2.1', '192.0.2.3']);
  });

  it('are not said to have changed when another interface has the same', async () => {
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    ip('link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth2');
    const { changed, looks } = await watch();
    ip('address', 'add', '192.0.2.1/32', 'dev', 'eth1');
    ip('address', 'delete', '192.0.2.1/24', 'dev', 'eth0');
    await vi.waitFor(() => expect(looks).toHaveBeenCalledTimes(2));
    ip('address', 'delete', '192.0.2.1/32', 'dev', 'eth1');
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
  });

  it('count on an interface that is made while they are watched, unless it is excluded', async () => {
    ip('link', 'delete', DEVICE);
    const { local, changed } = await watch();
    ip('link', 'add', DEVICE, 'type', 'veth', 'peer', 'name', 'eth1');
    ip('address', 'add', '10.96.0.1/32', 'dev', DEVICE);
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth1');
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    expect(local.of('IPv4')).toEqual(['192.0.2.1']);
  });

  it('are watched until the signal ends it', async () => {
    const { ended } = await watch();
    end.abort();
    await expect(ended).resolves.toBeUndefined();
  });

  it('end their watch with what a look throws', async () => {
    const { ended, looks } = await watch();
    looks.mockRejectedValue(new Error('no more'));
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    await expect(ended).rejects.toThrow('no more');
  });

  it('end their watch with what its owner throws', async () => {
    const { ended, changed } = await watch();
    changed.mockImplementation(() => {
      throw new Error('unheard of');
    });
    ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    await expect(ended).rejects.toThrow('unheard of');
  });
});

import { KernelError } from '@menwei/netlink';
import type { AddressOnInterface } from '@menwei/netlink/route';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import { describe, expect, it } from 'vitest';
import { isReachable, LocalAddresses } from './local-addresses.ts';

const signal = new AbortController().signal;

function global(ip: string, prefixLength = 24): Omit<AddressOnInterface, 'interface'> {
  return { ip, prefixLength, scope: 'global' };
}

function openLocal(client: FakeLinks): LocalAddresses {
  return new LocalAddresses({ client, excluded: ['lo', 'kube-ipvs0'], counts: isReachable });
}

describe('observe', () => {
  it('finds the addresses of all interfaces, sorted, each once', async () => {
    const links = new FakeLinks();
    links.addDevice('eth1', [global('192.0.2.7'), global('2001:db8::7', 64)]);
    links.addDevice('eth0', [global('192.0.2.10'), global('192.0.2.7', 32), global('2001:db8::1', 64)]);
    const local = openLocal(links);
    await local.observe(signal);
    expect(local.of('IPv4')).toEqual(['192.0.2.10', '192.0.2.7']);
    expect(local.of('IPv6')).toEqual(['2001:db8::1', '2001:db8::7']);
  });

  it.each([
    ['on an excluded interface', 'kube-ipvs0', '10.96.0.1'],
    ['on the loopback interface', 'lo', '192.0.2.1'],
    ['of the loopback network', 'eth0', '127.0.0.53'],
    ['of this machine alone', 'eth0', '::1'],
    ['that are link-local', 'eth0', 'fe80::1'],
  ])('leaves out addresses %s', async (_, name, ip) => {
    const links = new FakeLinks();
    links.addDevice(name, [global(ip)]);
    const local = openLocal(links);
    await local.observe(signal);
    expect([...local.of('IPv4'), ...local.of('IPv6')]).toEqual([]);
  });

  it('says whether anything is different', async () => {
    const links = new FakeLinks();
    links.addDevice('eth0', [global('192.0.2.1')]);
    const local = openLocal(links);
    expect(await local.observe(signal)).toBe(true);
    const before = local.of('IPv4');
    links.addDevice('kube-ipvs0', [global('10.96.0.1', 32)]);
    expect(await local.observe(signal)).toBe(false);
    expect(local.of('IPv4')).toBe(before);
    links.addDevice('eth1', [global('2001:db8::7', 64)]);
    expect(await local.observe(signal)).toBe(true);
    expect(local.of('IPv4')).toBe(before);
    expect(local.of('IPv6')).toEqual(['2001:db8::7']);
  });

  it('tells what the kernel accepts packets at from what waits for that', async () => {
    const links = new FakeLinks();
    links.addDevice('eth0', [
      global('2001:db8::7', 64),
      { ...global('2001:db8::8', 64), state: 'tentative' },
    ]);
    links.addDevice('eth1', [{ ...global('2001:db8::9', 64), state: 'passing' }]);
    const local = openLocal(links);
    await local.observe(signal);
    expect(local.of('IPv6')).toEqual(['2001:db8::7', '2001:db8::8', '2001:db8::9']);
    expect(local.usable('IPv6')).toEqual(['2001:db8::7', '2001:db8::9']);
    links.addDevice('eth2', [global('2001:db8::8', 64)]);
    const before = local.of('IPv6');
    expect(await local.observe(signal)).toBe(true);
    expect(local.of('IPv6')).toBe(before);
    expect(local.usable('IPv6')).toEqual(before);
  });

  it('fails when the kernel does', async () => {
    const local = openLocal(new FakeLinks({ faults: { seed: 1, rate: 1 } }));
    await expect(local.observe(signal)).rejects.toThrow(KernelError);
    expect(() => local.of('IPv4')).toThrow('BUG');
  });
});

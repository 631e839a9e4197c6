import type { Link, ObservedAddress } from '@menwei/netlink/route';
import { describe, expect, it } from 'vitest';
import { InterfaceTable } from './interface-table.ts';

const ETH0: Link = {
  index: 2,
  name: 'eth0',
  kind: 'veth',
  isUp: true,
  hasCarrier: true,
  isLoopback: false,
  isNoArp: false,
  mac: '02:00:00:00:00:01',
  master: undefined,
};

function address(ip: string, prefixLength: number, rest: Partial<ObservedAddress> = {}): ObservedAddress {
  return { index: 2, ip, prefixLength, scope: 'global', ...rest };
}

function tableOf(links: readonly Link[], addresses: readonly ObservedAddress[] = []): InterfaceTable {
  const table = new InterfaceTable();
  table.replace(links, addresses);
  table.refresh();
  return table;
}

describe('an interface', () => {
  it('has the networks of its addresses, and speaks from its link-local one', () => {
    const table = tableOf(
      [ETH0],
      [
        address('192.0.2.7', 24),
        address('192.0.2.8', 24),
        address('2001:db8::7', 64),
        address('10.96.0.1', 32),
        address('fd00::1', 128),
        address('fe80::1', 64, { scope: 'link' }),
      ],
    );
    expect(table.interfaces).toEqual([
      {
        name: 'eth0',
        index: 2,
        mac: '02:00:00:00:00:01',
        unusable: undefined,
        onLink: ['192.0.2.0/24', '2001:db8::/64'],
        linkLocal: 'fe80::1',
      },
    ]);
  });

  it.each<[Partial<Link>, string]>([
    [{ isLoopback: true }, 'it is a loopback interface'],
    [{ isNoArp: true }, 'it is an interface without ARP (NOARP)'],
    [{ mac: undefined }, 'it is no Ethernet interface'],
    [{ isUp: false, hasCarrier: false }, 'it is down'],
    [{ hasCarrier: false }, 'it has no carrier'],
    [{ master: { index: 3, kind: 'bridge' } }, 'it is a port of bridge br0'],
    [{ master: { index: 3, kind: 'bond' } }, 'it is a slave of bond br0'],
    [{ master: { index: 9, kind: undefined } }, 'it is a part of interface 9'],
  ])('is not to be used when it has %j', (change, reason) => {
    const [eth0] = tableOf([
      { ...ETH0, ...change },
      { ...ETH0, index: 3, name: 'br0' },
    ]).interfaces;
    expect(eth0?.unusable).toBe(reason);
  });

  it('may be a part of a VRF', () => {
    const [eth0] = tableOf([{ ...ETH0, master: { index: 3, kind: 'vrf' } }]).interfaces;
    expect(eth0?.unusable).toBeUndefined();
  });

  it('does not speak from an address that somebody else may have', () => {
    const table = tableOf([ETH0], [address('fe80::1', 64, { state: 'tentative' })]);
    expect(table.interfaces[0]?.linkLocal).toBeUndefined();
    table.take({ kind: 'address', address: address('fe80::1', 64) });
    expect(table.refresh()).toBe(true);
    expect(table.interfaces[0]?.linkLocal).toBe('fe80::1');
  });
});

describe('news', () => {
  it('makes another list only where it matters', () => {
    const table = tableOf([ETH0], [address('192.0.2.7', 24)]);
    const before = table.interfaces;
    expect(table.take({ kind: 'address', address: address('10.96.0.1', 32) })).toBe(false);
    expect(table.take({ kind: 'no address', address: address('192.0.2.9', 24) })).toBe(false);
    // As the kernel tells again and again of wireless ones.
    expect(table.take({ kind: 'link', link: { ...ETH0 } })).toBe(true);
    table.take({ kind: 'address', address: address('192.0.2.7', 24) });
    expect(table.refresh()).toBe(false);
    expect(table.interfaces).toBe(before);
    table.take({ kind: 'no address', address: address('192.0.2.7', 24) });
    expect(table.refresh()).toBe(true);
    expect(table.interfaces[0]?.onLink).toEqual([]);
  });

  it('renames interfaces, and takes them away with their addresses', () => {
    const table = tableOf([ETH0], [address('192.0.2.7', 24)]);
    table.take({ kind: 'link', link: { ...ETH0, name: 'wan' } });
    expect(table.refresh()).toBe(true);
    expect(table.interfaces).toMatchObject([{ name: 'wan', onLink: ['192.0.2.0/24'] }]);
    expect(table.take({ kind: 'no link', index: 2 })).toBe(true);
    expect(table.take({ kind: 'no link', index: 2 })).toBe(false);
    expect(table.refresh()).toBe(true);
    expect(table.interfaces).toEqual([]);
    table.take({ kind: 'link', link: ETH0 });
    table.refresh();
    expect(table.interfaces).toMatchObject([{ onLink: [] }]);
  });
});

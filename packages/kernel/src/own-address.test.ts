import type { AddressOnInterface } from '@menwei/netlink/route';
import { describe, expect, it } from 'vitest';
import { chooseOwnAddress } from './own-address.ts';

/** `eth0 192.0.2.1`, with a scope or state behind it. */
function parse(text: string): AddressOnInterface {
  const [name = '', ip = '', more] = text.split(' ');
  const scope = more === 'link' ? 'link' : 'global';
  const state = more === 'tentative' || more === 'passing' ? more : undefined;
  return { interface: name, ip, prefixLength: 24, scope, state };
}

describe('the address of the machine', () => {
  it.each<[string, string[], string | undefined, string | undefined, string | undefined]>([
    [
      'is that of the default route',
      ['eth0 192.0.2.1', 'eth1 192.0.2.9'],
      '192.0.2.9',
      undefined,
      '192.0.2.9',
    ],
    [
      'is that of the default route, whatever was before',
      ['a 192.0.2.1', 'b 192.0.2.9'],
      '192.0.2.9',
      '192.0.2.1',
      '192.0.2.9',
    ],
    [
      'may be on the loopback interface',
      ['eth0 192.0.2.1', 'lo 192.0.2.9'],
      '192.0.2.9',
      undefined,
      '192.0.2.9',
    ],
    ['is one that lasts', ['a fd00::1', 'b fd00::2 passing', 'b fd00::3'], 'fd00::2', undefined, 'fd00::3'],
    [
      'is one for privacy if there is no other',
      ['a fd00::1', 'b fd00::2 passing'],
      'fd00::2',
      undefined,
      'fd00::2',
    ],
    [
      'is the first without a default route',
      ['eth0 192.0.2.1', 'eth1 192.0.2.9'],
      undefined,
      undefined,
      '192.0.2.1',
    ],
    [
      'stays without a default route',
      ['eth0 192.0.2.1', 'eth1 192.0.2.9'],
      undefined,
      '192.0.2.9',
      '192.0.2.9',
    ],
    ['goes when it is gone', ['eth0 192.0.2.1'], undefined, '192.0.2.9', '192.0.2.1'],
    ['is rather that of a network', ['lo 192.0.2.9', 'eth0 192.0.2.1'], undefined, undefined, '192.0.2.1'],
    ['is rather one that lasts', ['eth0 fd00::1 passing', 'eth1 fd00::2'], undefined, undefined, 'fd00::2'],
    ['is no loopback address', ['lo 127.0.0.1', 'lo ::1'], undefined, undefined, undefined],
    [
      'is not link-local',
      ['a 169.254.1.1', 'b 192.0.2.1 link', 'c fe80::1'],
      '169.254.1.1',
      undefined,
      undefined,
    ],
    ['is not one that waits', ['eth0 fd00::1 tentative'], 'fd00::1', 'fd00::1', undefined],
    ['is not one that is not there', [], '192.0.2.1', '192.0.2.2', undefined],
  ])('%s', (_, addresses, source, before, expected) => {
    expect(chooseOwnAddress(addresses.map(parse), source, before)?.ip).toBe(expected);
  });

  it('says how it was found', () => {
    const addresses = ['eth0 192.0.2.1', 'eth1 192.0.2.9'].map(parse);
    expect(chooseOwnAddress(addresses, '192.0.2.9', undefined)?.by).toBe('default route');
    expect(chooseOwnAddress(addresses, undefined, '192.0.2.9')?.by).toBe('interface address');
    expect(chooseOwnAddress(addresses, '203.0.113.1', undefined)?.by).toBe('interface address');
  });
});

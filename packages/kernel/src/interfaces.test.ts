import { networkInterfaces } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { observeInterfaceAddresses } from './interfaces.ts';

vi.mock('node:os', () => ({ networkInterfaces: vi.fn() }));

function address(text: string, family: 'IPv4' | 'IPv6' = 'IPv4') {
  return { address: text, family, netmask: '', mac: '', internal: false, cidr: null, scopeid: 0 } as const;
}

describe('observeInterfaceAddresses', () => {
  it('gives each address of each interface once, canonical', () => {
    vi.mocked(networkInterfaces).mockReturnValue({
      lo: [address('127.0.0.1'), address('::1', 'IPv6')],
      eth0: [address('203.0.113.9'), address('FD00:0:0::9', 'IPv6'), address('fe80::1', 'IPv6')],
      eth1: [address('203.0.113.9')],
      down: undefined,
    });
    expect(observeInterfaceAddresses()).toEqual(['127.0.0.1', '::1', '203.0.113.9', 'fd00::9', 'fe80::1']);
  });

  it('gives none where there is none', () => {
    vi.mocked(networkInterfaces).mockReturnValue({});
    expect(observeInterfaceAddresses()).toEqual([]);
  });
});

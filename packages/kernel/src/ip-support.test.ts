import { existsSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { observeIpPresence, observeIpSupport } from './ip-support.ts';
import { readSysctl } from './sysctl.ts';

vi.mock('node:fs', () => ({ existsSync: vi.fn() }));
vi.mock('./sysctl.ts', () => ({ readSysctl: vi.fn() }));

describe('observeIpSupport', () => {
  beforeEach(() => {
    vi.mocked(existsSync).mockReturnValue(false);
    vi.mocked(readSysctl).mockReturnValue(undefined);
  });

  it('takes IPv4 for granted', () => {
    expect(observeIpSupport('IPv4')).toBe(true);
  });

  it.each([
    ['is there', true, '0', true],
    ['is turned off', true, '1', false],
    ['is there without the switch', true, undefined, true],
    ['is left out of the kernel', false, undefined, false],
  ])('says of a kernel where IPv6 %s', (_what, listed, disabled, supported) => {
    vi.mocked(existsSync).mockImplementation((path) => listed && path === '/proc/thread-self/net/if_inet6');
    vi.mocked(readSysctl).mockImplementation((name) =>
      name === 'net/ipv6/conf/all/disable_ipv6' ? disabled : undefined,
    );
    expect(observeIpSupport('IPv6')).toBe(supported);
    expect(observeIpPresence('IPv6')).toBe(listed);
  });
});

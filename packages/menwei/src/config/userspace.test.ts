import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addProxyFlags, givenFlags } from './flags.ts';
import { resolveSettings } from './resolve.ts';
import { DEFAULT_PORT_RANGE, parsePortRange } from './userspace.ts';

it.each([
  ['30000-30999', { first: 30_000, last: 30_999 }],
  [' 30000+9 ', { first: 30_000, last: 30_009 }],
  ['30000', { first: 30_000, last: 30_000 }],
  ['65535', { first: 65_535, last: 65_535 }],
  ['', DEFAULT_PORT_RANGE],
  ['0-0', DEFAULT_PORT_RANGE],
  ['0', DEFAULT_PORT_RANGE],
])('"%s" is a port range', (text, range) => {
  expect(parsePortRange(text)).toEqual(range);
});

it.each(['0-1', '2-1', '65535+1', '1-65536', '-5', '1-', '1-2-3', 'web', '1.5', '0x10'])(
  '"%s" is none',
  (text) => {
    expect(parsePortRange(text)).toBeUndefined();
  },
);

describe('settings', () => {
  it.each([
    ['--proxy-port-range=30000-40000', { portRange: { first: 30_000, last: 40_000 } }],
    ['--udp-timeout=30s', { udpTimeoutMs: 30_000 }],
    ['--userspace-threads=3', { threads: 3 }],
    ['--userspace-drain-timeout=0s', { drainTimeoutMs: 0 }],
    ['--userspace-idle-timeout=1m', { idleTimeoutMs: 60_000 }],
  ])('%s counts', (flag, expected) => {
    expect(resolved('userspace', flag)).toMatchObject({ settings: { userspace: expected } });
  });

  it.each([
    [
      '--proxy-port-range=9-1',
      '--proxy-port-range: "9-1": must be FIRST-LAST, FIRST+COUNT or one number, of ports within 1 and 65535',
    ],
    ['--udp-timeout=0', '--udp-timeout: "0s": must be greater than 0'],
    ['--userspace-idle-timeout=-1s', '--userspace-idle-timeout: "-1s": must be greater than 0'],
    ['--userspace-drain-timeout=-1s', '--userspace-drain-timeout: "-1s": must not be negative'],
    ['--userspace-threads=65', '--userspace-threads: 65: must be within 0 and 64'],
  ])('%s is refused, but in another mode nobody cares', (flag, error) => {
    expect(resolved('userspace', flag)).toEqual({ errors: [error], wrongUsage: true });
    expect(resolved('iptables', flag)).toHaveProperty('settings');
  });
});

function resolved(mode: string, flag: string) {
  const command = addProxyFlags(new Command()).parse([`--proxy-mode=${mode}`, flag], { from: 'user' });
  return resolveSettings({ flags: givenFlags(command), hostname: 'node' });
}

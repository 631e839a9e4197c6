/** What the userspace mode takes from the settings. */

import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addProxyFlags, givenFlags } from '../../config/flags.ts';
import { resolveSettings } from '../../config/resolve.ts';
import type { Settings } from '../../config/settings.ts';
import { silentLogger } from '../../log/logger.ts';
import { startUserspace, userspaceOptions } from './start.ts';

function settingsOf(...args: readonly string[]): Settings {
  const command = addProxyFlags(new Command());
  command.parse(['--proxy-mode=userspace', ...args], { from: 'user' });
  const resolved = resolveSettings({ flags: givenFlags(command), hostname: 'node-1' });
  if ('errors' in resolved) throw new Error(resolved.errors.join('\n'));
  return resolved.settings;
}

it.each([
  ['IPv4', [], undefined],
  ['IPv4', ['--bind-address=0.0.0.0'], undefined],
  ['IPv6', ['--bind-address=::'], undefined],
  ['IPv4', ['--bind-address=192.168.0.2'], '192.168.0.2'],
  ['IPv6', ['--bind-address=192.168.0.2'], undefined],
  ['IPv6', ['--bind-address=fd00::2'], 'fd00::2'],
  ['IPv4', ['--bind-address=fd00::2'], undefined],
] as const)('%s relays with %j listen on %s alone', (family, args, expected) => {
  expect(userspaceOptions(settingsOf(...args), family).listenIP).toBe(expected);
});

it.each([
  ['IPv4', [], true],
  ['IPv6', [], false],
  ['IPv4', ['--iptables-localhost-nodeports=false'], false],
  ['IPv4', ['--nodeport-addresses=192.168.0.0/24'], false],
  ['IPv4', ['--nodeport-addresses=192.168.0.0/24,127.0.0.0/8'], true],
] as const)('%s NodePorts with %j answer on localhost: %s', (family, args, expected) => {
  expect(userspaceOptions(settingsOf(...args), family).localhostNodePorts).toBe(expected);
});

it('takes the range of ports', () => {
  const { portRange } = userspaceOptions(settingsOf('--proxy-port-range=40000+99'), 'IPv4');
  expect(portRange).toEqual({ first: 40_000, last: 40_099 });
});

it.each([
  ['IPv4', '127.0.0.1'],
  ['IPv6', '::1'],
] as const)('can’t serve %s on localhost, where nobody gets to', async (family, address) => {
  const runner = startToolRunner();
  const surroundings = { runner, logger: silentLogger, relays: undefined };
  const { signal } = new AbortController();
  const started = await startUserspace(settingsOf(`--bind-address=${address}`), family, surroundings, signal);
  runner.close();
  expect(started).toMatchObject({ message: `listen on ${address}: cannot proxy on localhost` });
});

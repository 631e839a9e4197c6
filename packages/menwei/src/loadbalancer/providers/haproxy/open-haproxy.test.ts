import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import { expect, it } from 'vitest';
import { silentLogger } from '../../../log/logger.ts';
import { DEFAULT_HAPROXY_SETTINGS, type HAProxySettings, openHAProxy } from './open-haproxy.ts';

const RUNNING = { configFile: '/c', baseFiles: ['/b'], adminSocket: '/a', masterSocket: '127.0.0.1:9' };

it.each<[wrong: Partial<HAProxySettings>, words: string]>([
  [{ cluster: 'a:b' }, '--haproxy-cluster: "a:b" is no name'],
  [{ folder: 'here' }, '--haproxy-folder: "here" is no absolute path'],
  [{ folder: '/a b' }, '--haproxy-folder: "/a b" has characters'],
  [{ folder: `/${'a'.repeat(80)}` }, 'too long for sockets'],
  [{ adminSocket: '/a' }, '--haproxy-config: an HAProxy that runs already needs the file'],
  [{ ...RUNNING, configFile: 'c' }, '--haproxy-config: "c" is no absolute path'],
  [{ ...RUNNING, baseFiles: ['b'] }, '--haproxy-base-config: "b" is no absolute path'],
  [{ ...RUNNING, adminSocket: '' }, '--haproxy-socket: "" is neither'],
  [
    { ...RUNNING, masterSocket: '192.0.2.1:99' },
    '--haproxy-master-socket: 192.0.2.1:99 is no address of this machine',
  ],
  [{ ...RUNNING, adminSocket: '0.0.0.0:99' }, '--haproxy-socket: 0.0.0.0:99 is no address of this machine'],
])('%j is refused: %s', (wrong, words) => {
  const tools = startToolRunner();
  const opened = openHAProxy({ ...DEFAULT_HAPROXY_SETTINGS, ...wrong }, { tools, logger: silentLogger });
  expect(opened).toEqual(expect.stringContaining(words));
  tools.close();
});

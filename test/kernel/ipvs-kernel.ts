/** The kernel's IPVS for tests that want it empty, again and again, and what its own tool says of it. */
import { spawnSync } from 'node:child_process';
import { type Ipvs, openIpvsClient } from '@menwei/netlink/ipvs';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { afterEach } from 'vitest';

const open: Ipvs[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client[Symbol.dispose]();
});

/** A client of a new network namespace, into which it moves the thread, until the end of the test. */
export function openEmptyIpvs(): Ipvs {
  unshare(CLONE_NEWNET);
  run('ip', 'link', 'set', 'lo', 'up');
  const client = openIpvsClient();
  open.push(client);
  return client;
}

/** Its output. */
export function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Lines without the spaces around them. */
export function ipvsadm(...args: readonly string[]): readonly string[] {
  const lines = run('ipvsadm', ...args).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

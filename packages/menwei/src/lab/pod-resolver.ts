/** Names for programs in a pod: they see a resolv.conf of the pod's, and nobody else does. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CLONE_NEWNS, unshare } from '@menwei/netlink/native';

const RESOLV_CONF = '/etc/resolv.conf';

export function resolvConfPath(folder: string, pod: string): string {
  return join(folder, `resolv.conf-${pod}`);
}

/** For all programs that this process starts from now on. Without it they run all the same, and find no names. */
export function usePodResolver(folder: string, pod: string): void {
  const path = resolvConfPath(folder, pod);
  if (!existsSync(path)) return;
  unshare(CLONE_NEWNS);
  // What is mounted from here on is not to be seen by others.
  const isMounted = mount('--make-rprivate', '/') && mount('--bind', path, RESOLV_CONF);
  if (!isMounted) process.stderr.write(`menwei: lab: ${RESOLV_CONF} of the pod can't be mounted\n`);
}

function mount(...args: readonly string[]): boolean {
  return spawnSync('mount', args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

/**
 * Set-up of every kernel test file: a network namespace of its own, so that files neither see each other's rules
 * nor touch the machine's.
 */
import { spawnSync } from 'node:child_process';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';

if (process.getuid?.() !== 0) {
  throw new Error('the kernel tests change network namespaces and need root: run them with sudo');
}
unshare(CLONE_NEWNET);
const loopbackUp = spawnSync('ip', ['link', 'set', 'lo', 'up'], { encoding: 'utf8' });
if (loopbackUp.status !== 0) {
  throw new Error(`ip link set lo up: ${loopbackUp.error?.message ?? loopbackUp.stderr.trim()}`);
}

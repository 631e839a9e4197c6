/** Lets a benchmark of a mode that this machine's kernel can't run go on in the guest, with everything it compares. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { observeIpvsSupport } from '@menwei/netlink/ipvs';
import { Option } from 'commander';
import { progress } from './options.ts';

const RUNNER = join(import.meta.dirname, '../scripts/guest/run');

/** A sparse file; the kernel makes its table of flows by it. */
const MEMORY = '6G';
const LONGEST_RUN_SECONDS = 3600;

export function guestOption(): Option {
  return new Option('--guest', 'measure in the guest kernel, even if this one could do it').default(false);
}

/**
 * Runs the same command line inside the guest and ends with its exit status, if one of the modes needs IPVS and this
 * kernel has none, or if the guest is asked for. Returns otherwise, and in the guest. One run there measures all modes,
 * since figures of different kernels can't be compared.
 */
export function enterGuest(modes: readonly string[], asked: boolean): void {
  const needed = asked || (modes.includes('ipvs') && observeIpvsSupport() !== undefined);
  if (!needed || isGuest()) return;
  progress('in the guest kernel (scripts/guest/run) …');
  const { execPath, execArgv, argv } = process;
  const { status, signal, error } = spawnSync(
    RUNNER,
    ['-m', MEMORY, '-t', String(LONGEST_RUN_SECONDS), '--', execPath, ...execArgv, ...argv.slice(1)],
    { stdio: 'inherit' },
  );
  if (error !== undefined) throw error;
  if (signal !== null) progress(`the guest was ended by ${signal}`);
  process.exit(status ?? 1);
}

/** Whether this is user-mode Linux. */
function isGuest(): boolean {
  return readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux');
}

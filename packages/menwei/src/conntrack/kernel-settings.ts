/** How many connections the kernel tracks, and for how long: kube-proxy's `conntrack` settings (spec § 10.7). */

import type { KernelFiles } from '@menwei/kernel/kernel-file.ts';
import { KernelError } from '@menwei/netlink';
import type { ConntrackSettings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';

const SYSCTLS = '/proc/sys/net/netfilter/';
const MAX = 'nf_conntrack_max';
const HASH_SIZE_FILE = '/sys/module/nf_conntrack/parameters/hashsize';
const ONLINE_CPUS_FILE = '/sys/devices/system/cpu/online';
/** Also where the minimum is above it (KQ-25, as kube-proxy). */
const MOST_CONNECTIONS = 1_048_576;
/** Connections an entry of the hash table stands for. */
const CONNECTIONS_PER_BUCKET = 4;

interface ConntrackMachine {
  readonly files: KernelFiles;
  /** CPUs this process may use: they count where the kernel doesn't say how many there are. */
  readonly usableCpus: number;
  readonly loadModule: () => Promise<KernelError | undefined>;
  readonly logger: Logger;
}

/**
 * Sets what is different from what is wanted, and says so. What can't be set is told in one line and ends nothing:
 * kube-proxy exits then, but Services that work with the kernel's own limits are better than none.
 */
export async function applyConntrackSettings(
  settings: ConntrackSettings,
  { files, usableCpus, loadModule, logger }: ConntrackMachine,
): Promise<void> {
  const sysctls = wantedSysctls(settings);
  if (settings.maxPerCore === 0 && sysctls.length === 0) return;
  // Without a rule that needs it, nobody may have loaded it yet.
  if (readIfPossible(files, SYSCTLS + MAX) === undefined) {
    const error = await loadModule();
    if (error !== undefined) logger.verbose(4, { err: error }, 'kernel module nf_conntrack was not loaded');
  }
  const outcome = new Outcome();
  if (settings.maxPerCore > 0) applyMax(wantedMax(settings, cpuCount(files) ?? usableCpus), files, outcome);
  for (const { name, value } of sysctls) applyValue(name, SYSCTLS + name, value, files, outcome);
  outcome.log(logger);
}

/** Packets of connections that conntrack does not know count as first ones, unless somebody has set this to 0. */
const LOOSE = 'nf_conntrack_tcp_loose';

/** Says what does not work with the settings that are none of ours. */
export function warnOfSettings(files: KernelFiles, logger: Logger): void {
  if (readIfPossible(files, SYSCTLS + LOOSE)?.trim() !== '0') return;
  logger.warn(
    { [LOOSE]: 0 },
    'connections to endpoints that are down will not be reset: with nf_conntrack_tcp_loose=0 their packets are dropped (only Services with on-down=reset)',
  );
}

function readIfPossible(files: KernelFiles, path: string): string | undefined {
  try {
    return files.read(path);
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

/** Undefined where the kernel doesn't say. */
function cpuCount(files: KernelFiles): number | undefined {
  const ranges = readIfPossible(files, ONLINE_CPUS_FILE)?.split(',') ?? [];
  const counts = ranges.map((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return last - first + 1;
  });
  const count = counts.reduce((sum, some) => sum + some, 0);
  return count > 0 ? count : undefined;
}

function wantedMax({ maxPerCore, min }: ConntrackSettings, cpus: number): number {
  const scaled = maxPerCore * cpus;
  return scaled > MOST_CONNECTIONS ? MOST_CONNECTIONS : Math.max(scaled, min);
}

/** All but the number of connections. What is 0 or off stays as it is. */
function wantedSysctls(
  settings: ConntrackSettings,
): readonly { readonly name: string; readonly value: number }[] {
  const timeouts: readonly (readonly [string, number])[] = [
    ['nf_conntrack_tcp_timeout_established', settings.tcpEstablishedTimeoutMs],
    ['nf_conntrack_tcp_timeout_close_wait', settings.tcpCloseWaitTimeoutMs],
    ['nf_conntrack_udp_timeout', settings.udpTimeoutMs],
    ['nf_conntrack_udp_timeout_stream', settings.udpStreamTimeoutMs],
  ];
  return [
    ...(settings.tcpBeLiberal ? [{ name: 'nf_conntrack_tcp_be_liberal', value: 1 }] : []),
    ...timeouts
      .filter(([, timeoutMs]) => timeoutMs > 0)
      // Whole seconds; 0 would forget every connection at once.
      .map(([name, timeoutMs]) => ({ name, value: Math.max(1, Math.floor(timeoutMs / 1000)) })),
  ];
}

/** The hash table grows with it, and is never made smaller. */
function applyMax(wanted: number, files: KernelFiles, outcome: Outcome): void {
  if (!applyValue(MAX, SYSCTLS + MAX, wanted, files, outcome)) return;
  // Neither can be set from another network namespace than the machine's first.
  if (files.isReadOnly(SYSCTLS + MAX)) return;
  const buckets = Math.floor(wanted / CONNECTIONS_PER_BUCKET);
  applyValue('hashsize', HASH_SIZE_FILE, buckets, files, outcome, (found) => found >= buckets);
}

/** Returns whether the kernel has the value now. */
function applyValue(
  name: string,
  file: string,
  wanted: number,
  files: KernelFiles,
  outcome: Outcome,
  isRight: (found: number) => boolean = (found) => found === wanted,
): boolean {
  let found: string | undefined;
  try {
    found = files.read(file);
    if (found !== undefined && isRight(Number(found))) return true;
    if (files.isReadOnly(file)) {
      outcome.left[name] = `${found}, ${wanted} wanted`;
      return false;
    }
    if (files.write(file, wanted)) {
      outcome.changed[name] = `${found} -> ${wanted}`;
      return true;
    }
    outcome.failed[name] = `${wanted} wanted: this kernel has no such setting`;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    outcome.failed[name] = `${found ?? 'unknown'}, ${wanted} wanted: ${error.detail}`;
  }
  return false;
}

/** What became of the settings, by their names in the kernel. */
class Outcome {
  readonly changed: Record<string, string> = {};
  /** The machine has one for all its network namespaces, and this is not the first of them. */
  readonly left: Record<string, string> = {};
  readonly failed: Record<string, string> = {};

  log(logger: Logger): void {
    if (Object.keys(this.changed).length > 0) logger.info(this.changed, 'conntrack settings changed');
    if (Object.keys(this.left).length > 0) {
      logger.info(
        this.left,
        'conntrack settings not changed: they are those of the machine, and this is not its first network namespace',
      );
    }
    if (Object.keys(this.failed).length > 0) {
      logger.warn(this.failed, 'conntrack settings could not be applied; keeping the kernel settings');
    }
  }
}

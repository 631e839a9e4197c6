/** What Prometheus calls the metrics of a process, as the kernel tells them in /proc. */
import { readdir, readFile } from 'node:fs/promises';
import {
  PROCESS_CPU,
  PROCESS_MAX_FDS,
  PROCESS_OPEN_FDS,
  PROCESS_RESIDENT_MEMORY,
  PROCESS_START,
  PROCESS_VIRTUAL_MEMORY,
  PROCESS_VIRTUAL_MEMORY_MAX,
} from './catalogue/libraries.ts';
import type { Registry } from './registry.ts';
import type { Sample } from './series.ts';

const METRICS = {
  cpu: PROCESS_CPU,
  start: PROCESS_START,
  residentMemory: PROCESS_RESIDENT_MEMORY,
  virtualMemory: PROCESS_VIRTUAL_MEMORY,
  virtualMemoryMax: PROCESS_VIRTUAL_MEMORY_MAX,
  openFds: PROCESS_OPEN_FDS,
  maxFds: PROCESS_MAX_FDS,
};

type Values = Partial<Record<keyof typeof METRICS, number>>;

const KIBI = 1024;

/** What can't be read is absent. @param directory of the process, as the kernel shows it */
export function registerProcessMetrics(registry: Registry, directory = '/proc/self'): void {
  const start = Math.round(Date.now() - process.uptime() * 1000) / 1000;
  registry.group({
    metrics: METRICS,
    collect: async () => {
      const { user, system } = process.cpuUsage();
      const values = { start, cpu: (user + system) / 1e6, ...(await readProcess(directory)) };
      const samples = Object.entries(values).map(([name, value]): [string, Sample[]] => [
        name,
        [{ labels: {}, value }],
      ]);
      return Object.fromEntries(samples);
    },
  });
}

async function readProcess(directory: string): Promise<Values> {
  const [status, limits, fds] = await Promise.all([
    readFile(`${directory}/status`, 'utf8').catch(() => ''),
    readFile(`${directory}/limits`, 'utf8').catch(() => ''),
    readdir(`${directory}/fd`).catch(() => undefined),
  ]);
  return present({
    residentMemory: kibibytes(status, 'VmRSS'),
    virtualMemory: kibibytes(status, 'VmSize'),
    virtualMemoryMax: limit(limits, 'Max address space'),
    // One of them is the folder that was read just now.
    openFds: fds === undefined ? undefined : Math.max(0, fds.length - 1),
    maxFds: limit(limits, 'Max open files'),
  });
}

function kibibytes(status: string, name: string): number | undefined {
  const [, value] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return value === undefined ? undefined : Number(value) * KIBI;
}

/** The soft limit. */
function limit(limits: string, name: string): number | undefined {
  const [, value] = new RegExp(`^${name}\\s+(\\d+|unlimited)\\s`, 'm').exec(limits) ?? [];
  if (value === undefined) return undefined;
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
}

function present(values: Readonly<Record<string, number | undefined>>): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

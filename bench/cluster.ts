/**
 * What `menwei cluster` takes and how fast it is, beside what it should be and what kube-apiserver with etcd took:
 *
 *   npm run bench:cluster [-- --services 5000 --endpoints 50 --only start,writes,watches,full,readiness,allocation --kubectl kubectl]
 *
 * Each row is of processes that are started as a user starts them, from the npm package, with clients in this one; lists, sync and
 * readiness at the size that is asked for, with all its pods. Milliseconds are in real time unless a row says processor, so other
 * programs count: `chrt -r 10` keeps most of them away. Ends with exit status 1 if something takes more than twice what it should,
 * or a restart has written something. `npm run bench:cluster:parts` has the store, the API server, controllers and allocation alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { orFail } from 'menwei/setup/failure.ts';
import { findKubectl } from '../scripts/kubectl.ts';
import { measureFullNetwork } from './cluster-allocation.ts';
import { measureFull } from './cluster-full.ts';
import type { ReadinessFigures } from './cluster-readiness.ts';
import { measureOpenWatches, measureReadinessCost, measureStart, measureWrites } from './cluster-small.ts';
import { ClusterTable } from './cluster-table.ts';
import { median, quantile, round } from './figures.ts';
import { positive, progress } from './options.ts';
import { packed } from './packed.ts';

interface Options {
  readonly services: number;
  readonly endpoints: number;
  readonly only: readonly string[];
  readonly kubectl?: string;
  readonly launcher?: string;
}

const PARTS = ['start', 'writes', 'watches', 'full', 'readiness', 'allocation'];

const options = new Command('bench:cluster')
  .option('--services <n>', 'Services of the full cluster', positive, 5_000)
  .option('--endpoints <n>', 'endpoints of each', positive, 50)
  .option('--only <list>', 'some parts', (text) => text.split(','), PARTS)
  .option('--kubectl <path>', 'the kubectl that applies; that of "node scripts/kubectl.ts" unless given')
  .option('--launcher <path>', 'another menwei than the package of this checkout')
  .parse()
  .opts<Options>();

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-cluster-'));
  try {
    await measureAll(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureAll(folder: string): Promise<void> {
  const table = new ClusterTable();
  const { services, endpoints, only } = options;
  const launcher = options.launcher ?? packed(folder);
  const kubectl = options.kubectl ?? findKubectl('1.36') ?? findKubectl('1.20');
  if (kubectl === undefined)
    progress('no kubectl: "node scripts/kubectl.ts" gets one, or name one with --kubectl');
  const small = { launcher, folder, kubectl, endpoints };
  if (only.includes('start')) await measureStart(small, table);
  if (only.includes('writes')) await measureWrites(small, table);
  if (only.includes('watches')) await measureOpenWatches(small, table);
  let full: ReadinessFigures | undefined;
  if (only.includes('full')) full = await measureFull({ launcher, folder, services, endpoints }, table);
  if (only.includes('readiness')) await measureReadinessCost(small, full, table);
  if (only.includes('allocation')) {
    const times = await measureFullNetwork();
    table.add({
      what: 'a Service where one address of a /16 is free',
      value: median(times),
      unit: 'ms',
      target: { bound: 1 },
      note: `p99 ${round(quantile(times, 0.99), 2)} ms; without HTTP`,
    });
  }
  table.print();
  if (table.hasFailed) process.exitCode = 1;
}

await orFail(main);

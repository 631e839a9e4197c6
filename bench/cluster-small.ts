/** A small cluster: its start, what it takes at rest, its writes, what they cost those who watch, and open watches. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel, type OpenWatch } from './cluster-client.ts';
import { fillWithPods, namespaceOf, selectingService, sliceOf } from './cluster-objects.ts';
import { ClusterProcess } from './cluster-process.ts';
import { measureReadiness, type ReadinessFigures } from './cluster-readiness.ts';
import type { ClusterTable } from './cluster-table.ts';
import { median, quantile, round } from './figures.ts';

const STARTS = 5;
/** After a start some memory is given back. */
const REST_MS = 12_000;
const IDLE_SECONDS = 30;
const WATCHERS = 20;
const WRITES = 1_000;
const PROXIES = 100;
const PROXY_WRITES = 200;
const WARM_UP = 1_000;
const OPEN = 1_000;

const WRITTEN = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

interface SmallOptions {
  readonly launcher: string;
  /** For data. */
  readonly folder: string;
  /** Undefined: nobody applies anything. */
  readonly kubectl: string | undefined;
  readonly endpoints: number;
}

export async function measureStart(
  { launcher, ...options }: SmallOptions,
  table: ClusterTable,
): Promise<void> {
  const folder = join(options.folder, 'idle');
  const times: number[] = [];
  const first = await ClusterProcess.start({ launcher, folder });
  await first.stop();
  for (let index = 0; index < STARTS; index++) {
    const cluster = await ClusterProcess.start({ launcher, folder });
    times.push(cluster.readyMs);
    if (index === STARTS - 1) await measureRest(cluster, table);
    await cluster.stop();
  }
  table.add({
    what: 'start of a small cluster, until ready',
    value: median(times),
    unit: 'ms',
    target: { bound: 500 },
    note: `the first one, which makes certificates: ${round(first.readyMs, 0)} ms`,
  });
}

async function measureRest(cluster: ClusterProcess, table: ClusterTable): Promise<void> {
  await sleep(REST_MS);
  const reference = '445 MB + etcd 129 MB (1,000 slices)';
  table.add({ what: 'memory at rest', value: cluster.rssMb, unit: 'MB', target: { bound: 110 }, reference });
  const cpuMs = cluster.cpuMs;
  await sleep(IDLE_SECONDS * 1_000);
  const percent = (cluster.cpuMs - cpuMs) / IDLE_SECONDS / 10;
  table.add({ what: 'processor time at rest', value: percent, unit: '%', target: { bound: 1 } });
}

/** In memory, then in the file: without and with the disk. */
export async function measureWrites(options: SmallOptions, table: ClusterTable): Promise<void> {
  for (const store of ['memory', 'file']) {
    const cluster = await startPlain(options, store);
    try {
      await measureTold(cluster, store, table);
      if (store === 'memory') await measureProxies(cluster, options.endpoints, table);
      else await measureRates(cluster, options.endpoints, table);
      if (store === 'file' && options.kubectl !== undefined)
        measureApply(cluster, options.kubectl, options.folder, table);
    } finally {
      await cluster.stop();
    }
  }
}

function startPlain({ launcher, folder }: SmallOptions, store: string): Promise<ClusterProcess> {
  const flags = ['--insecure-loopback', '--store', store];
  return ClusterProcess.start({ launcher, folder: join(folder, `writes-${store}`), flags, isProbed: true });
}

/** From before the request until the watcher has the event: both by HTTP. */
async function measureTold({ client }: ClusterProcess, store: string, table: ClusterTable): Promise<void> {
  let told = Promise.withResolvers<void>();
  await client.create(WRITTEN, sliceOf('default', 'told', 1, 0));
  const watch = await client.watch(`${WRITTEN}?watch=1&fieldSelector=metadata.name%3Dtold`, () =>
    told.resolve(),
  );
  await told.promise;
  const took: number[] = [];
  for (let index = 1; index <= WRITES; index++) {
    told = Promise.withResolvers();
    const beganAt = performance.now();
    const answered = client.replace(`${WRITTEN}/told`, sliceOf('default', 'told', 1, index));
    await told.promise;
    took.push(performance.now() - beganAt);
    await answered;
  }
  watch.close();
  const isMemory = store === 'memory';
  const bound = (ms: number) => (isMemory ? { target: { bound: ms } } : {});
  const what = `PUT → watcher, ${isMemory ? 'in memory' : 'durable'}`;
  table.add({ what: `${what}, p50`, value: median(took), unit: 'ms', ...bound(1), note: 'both by HTTP' });
  table.add({ what: `${what}, p99`, value: quantile(took, 0.99), unit: 'ms', ...bound(5) });
}

/** What it costs the cluster that as many read along. */
async function measureProxies(
  cluster: ClusterProcess,
  endpoints: number,
  table: ClusterTable,
): Promise<void> {
  const { client } = cluster;
  await client.create(WRITTEN, sliceOf('default', 'many', endpoints, 0));
  const write = async (index: number, heard: () => boolean) => {
    await client.replace(`${WRITTEN}/many`, sliceOf('default', 'many', endpoints, index));
    while (!heard()) await new Promise((resolve) => setImmediate(resolve));
  };
  let cpuMs = cluster.cpuMs;
  for (let index = 1; index <= PROXY_WRITES; index++) await write(index, () => true);
  const alone = cluster.cpuMs - cpuMs;
  let lines = 0;
  const watches = await Promise.all(
    Array.from({ length: PROXIES }, () =>
      client.watch(`${WRITTEN}?watch=1`, (count) => {
        lines += count;
      }),
    ),
  );
  await sleep(500);
  lines = 0;
  cpuMs = cluster.cpuMs;
  for (let index = 1; index <= PROXY_WRITES; index++) {
    await write(PROXY_WRITES + index, () => lines >= index * PROXIES);
  }
  const each = (cluster.cpuMs - cpuMs - alone) / PROXY_WRITES;
  for (const watch of watches) watch.close();
  table.add({
    what: `a slice changes: told to ${PROXIES} proxies`,
    value: each,
    unit: 'ms',
    target: { bound: 5 },
    note: `of a processor; the write itself ${round(alone / PROXY_WRITES, 2)} ms`,
  });
}

async function measureRates(
  { client }: ClusterProcess,
  endpoints: number,
  table: ClusterTable,
): Promise<void> {
  let heard = 0;
  const watches = await Promise.all(
    Array.from({ length: WATCHERS }, () =>
      client.watch(`${WRITTEN}?watch=1`, (count) => {
        heard += count;
      }),
    ),
  );
  const create = (size: number, prefix: string) => (index: number) =>
    client.create(WRITTEN, sliceOf('default', `${prefix}-${index}`, size, index));
  const one = (WRITES * 1_000) / (await inParallel(WRITES, 1, create(1, 'one')));
  const floor = (bound: number) => ({ target: { bound, isFloor: true as const } });
  const watchers = `${WATCHERS} watchers`;
  table.add({ what: 'durable writes by one client', value: one, unit: '/s', ...floor(300), note: watchers });
  const before = heard;
  const many = (5 * WRITES * 1_000) / (await inParallel(5 * WRITES, 64, create(1, 'many')));
  while (heard < before + 5 * WRITES * WATCHERS) await sleep(5);
  table.add({
    what: 'durable writes by 64 clients',
    value: many,
    unit: '/s',
    ...floor(2_000),
    note: watchers,
  });
  const large = (WRITES * 1_000) / (await inParallel(WRITES, 16, create(endpoints, 'large')));
  table.add({
    what: `durable writes by 16, slices of ${endpoints}`,
    value: large,
    unit: '/s',
    ...floor(305),
    note: watchers,
    reference: '305/s, no fsync, nobody watches',
  });
  for (const watch of watches) watch.close();
}

function measureApply(cluster: ClusterProcess, kubectl: string, folder: string, table: ClusterTable): void {
  const items = Array.from({ length: 1_000 }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `applied-${index}`, namespace: 'default' },
    spec: { selector: { app: `applied-${index}` }, ports: [{ port: 80 }] },
  }));
  const path = join(folder, 'services.json');
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const { server } = cluster.client;
  const argv = ['--cache-dir', join(folder, 'kubectl-cache'), '--server', server, 'apply', '-f', path];
  for (const what of ['kubectl apply of 1,000 Services', '  the same once more: nothing to change']) {
    const [beganAt, cpuMs] = [performance.now(), cluster.cpuMs];
    execFileSync(kubectl, argv, { stdio: 'ignore' });
    const value = (performance.now() - beganAt) / 1_000;
    const note = `the cluster computed ${round((cluster.cpuMs - cpuMs) / 1_000, 1)} s; the rest is kubectl`;
    table.add({ what, value, unit: 's', note });
  }
}

/** With TLS, as is usual, and without. The first ones warm up the process: what code takes is not theirs. */
export async function measureOpenWatches(
  { launcher, ...options }: SmallOptions,
  table: ClusterTable,
): Promise<void> {
  for (const flags of [['--insecure-loopback'], []]) {
    const folder = join(options.folder, 'watches');
    const cluster = await ClusterProcess.start({ launcher, folder, flags, isProbed: true });
    try {
      const watches: OpenWatch[] = [];
      const open = async (count: number) => {
        for (const end = watches.length + count; watches.length < end; ) {
          const path = `/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn${watches.length}`;
          watches.push(await cluster.client.watch(path, () => undefined));
        }
        await cluster.ask('collect');
        await sleep(1_000);
        await cluster.ask('collect');
        return cluster.rssMb;
      };
      const before = await open(WARM_UP);
      const each = (((await open(OPEN)) - before) * 1_024) / OPEN;
      for (const watch of watches) watch.close();
      const isPlain = flags.length > 0;
      table.add({
        what: `${OPEN} open watches${isPlain ? '' : ' by TLS'}, each`,
        value: each,
        unit: 'KB',
        ...(isPlain ? { target: { bound: 30 } } : {}),
      });
    } finally {
      await cluster.stop();
    }
  }
}

/** Beside what the same costs in a cluster with thousands of Services. */
export async function measureReadinessCost(
  { launcher, folder, endpoints }: SmallOptions,
  full: ReadinessFigures | undefined,
  table: ClusterTable,
): Promise<void> {
  const data = join(folder, 'readiness');
  await fillWithPods(data, { services: 1, endpoints });
  const cluster = await ClusterProcess.start({ launcher, folder: data, flags: ['--insecure-loopback'] });
  try {
    await cluster.client.create(`/api/v1/namespaces/${namespaceOf(0)}/services`, selectingService(0));
    await cluster.settled();
    const small = await measureReadiness(cluster);
    addReadiness('one Service', small, table);
    if (full === undefined) return;
    addReadiness('all Services', full, table);
    table.add({
      what: '  processor time of the two, beside each other',
      value: full.cpuMs / small.cpuMs,
      unit: 'times',
      target: { bound: 1.5 },
      note: `${round(small.cpuMs, 2)} and ${round(full.cpuMs, 2)} ms`,
    });
  } finally {
    await cluster.stop();
  }
}

function addReadiness(where: string, { p50Ms, p99Ms }: ReadinessFigures, table: ClusterTable): void {
  table.add({
    what: `PATCH of readiness → slice told, ${where}`,
    value: p50Ms,
    unit: 'ms',
    target: { bound: 5 },
    note: `p99 ${round(p99Ms, 1)} ms; two durable writes`,
  });
}

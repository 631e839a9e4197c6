/**
 * The store of `menwei cluster`: durable writes a second, how long a write takes to be told, the start with 5,000 slices of 50
 * endpoints, and what they take in memory: `npm run bench:cluster:parts [-- SLICES ENDPOINTS]`. What durable writes take is for the most
 * part the disk: beside them is what the same machine does with a plain file and fdatasync.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiObject } from 'menwei/cluster/schema/object.ts';
import { openFileStore } from 'menwei/cluster/store/file-store.ts';
import { openMemoryStore } from 'menwei/cluster/store/local-store.ts';
import type { Store } from 'menwei/cluster/store/store.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { inParallel } from './cluster-client.ts';
import { median, quantile, round } from './figures.ts';

const WRITES = 2_000;
const CLIENTS = 64;
const WATCHERS = 20;
const STARTS = 3;

/** Targets of the design, and kube-apiserver 1.36.2 with etcd 3.5.30 (without fsync) where it was measured, on a machine of two cores. */
const REFERENCE = {
  single: 'target: 300/s',
  group: 'target: 2,000/s; kube-apiserver: 305/s (slices of 50, 16 clients)',
  told: 'target: p50 1 ms in memory',
  start: 'target: 1.5 s at 250,000 endpoints, 0.3 s when small',
  list: 'target: 200 ms for the whole LIST; kube-apiserver: 155 ms for 1,000 slices',
  memory: 'measured before: 76 MB as bytes, 148 MB as objects',
} as const;

const [first = '5000', second = '50'] = process.argv.slice(2).filter((word) => word !== '--');
if (first === 'start') await startOnce(second);
else await main(Number(first), Number(second));

async function main(slices: number, endpoints: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-store-'));
  const open = (name: string, sync: 'full' | 'normal') =>
    openFileStore({ folder: join(folder, name), sync, logger: silentLogger });
  try {
    row('plain file and fdatasync', `${round(plainWrites(join(folder, 'plain')), 0)} writes/s`, '');
    for (const sync of ['full', 'normal'] as const) {
      const store = await open(`writes-${sync}`, sync);
      await measureWrites(store, `file, sync ${sync}`);
      await store.close();
    }
    await measureWrites(openMemoryStore(), 'memory');
    const store = await open('slices', 'full');
    await fill(store, slices, endpoints);
    measureList(store);
    await store.close();
    measureStarts(join(folder, 'slices'), slices, endpoints);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureWrites(store: Store, what: string): Promise<void> {
  const heard: number[] = [];
  let beganAt = 0;
  for (let watcher = 0; watcher < WATCHERS; watcher++) {
    store.subscribe(() => {
      if (watcher === WATCHERS - 1) heard.push(performance.now() - beganAt);
    });
  }
  const single = await rate(WRITES / 4, 1, async (index) => {
    beganAt = performance.now();
    await put(store, index, 1);
  });
  row(`${what}: one client`, `${round(single, 0)} writes/s`, what === 'memory' ? '' : REFERENCE.single);
  const told = `p50 ${round(median(heard), 2)} ms, p99 ${round(quantile(heard, 0.99), 2)} ms`;
  row(`${what}: write → last of ${WATCHERS} watchers`, told, what === 'memory' ? REFERENCE.told : '');
  const group = await rate(WRITES * 4, CLIENTS, (index) => put(store, index, 1));
  row(`${what}: ${CLIENTS} clients`, `${round(group, 0)} writes/s`, what === 'memory' ? '' : REFERENCE.group);
}

/** How many a second. */
async function rate(
  count: number,
  clients: number,
  write: (index: number) => Promise<unknown>,
): Promise<number> {
  return (count * 1_000) / (await inParallel(count, clients, write));
}

function plainWrites(path: string): number {
  const file = openSync(path, 'w');
  const beganAt = performance.now();
  for (let index = 0; index < WRITES / 4; index++) {
    writeSync(file, Buffer.alloc(600));
    fdatasyncSync(file);
  }
  closeSync(file);
  return (WRITES / 4 / (performance.now() - beganAt)) * 1_000;
}

async function fill(store: Store, slices: number, endpoints: number): Promise<void> {
  const written = await rate(slices, CLIENTS, (index) => put(store, index, endpoints));
  const what = `${slices} slices of ${endpoints} endpoints written by ${CLIENTS} clients`;
  row(what, `${round(written, 0)} writes/s`, REFERENCE.group);
}

function measureList(store: Store): void {
  const times = Array.from({ length: 5 }, () => {
    const beganAt = performance.now();
    const bytes = Array.from(store.list('endpointslices'), (stored) => stored.bytes);
    Buffer.concat(bytes);
    return performance.now() - beganAt;
  });
  row('all slices as one buffer', `${round(median(times), 0)} ms`, REFERENCE.list);
}

/** In a process of its own each: what is there before takes memory too. */
function measureStarts(folder: string, slices: number, endpoints: number): void {
  const starts = Array.from({ length: STARTS }, () => {
    const args = [
      '--expose-gc',
      '--disable-warning=ExperimentalWarning',
      import.meta.filename,
      'start',
      folder,
    ];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    const started: Started = JSON.parse(stdout);
    return started;
  });
  const [{ count } = { count: 0 }] = starts;
  if (count !== slices) throw new Error(`${count} of ${slices} slices are there after a restart`);
  const what = `${slices} × ${endpoints}`;
  row(`start with ${what}`, `${round(median(starts.map(({ ms }) => ms)), 0)} ms`, REFERENCE.start);
  row(`memory for ${what}`, `+${round(median(starts.map(({ mb }) => mb)), 0)} MB`, REFERENCE.memory);
}

interface Started {
  readonly ms: number;
  readonly mb: number;
  readonly count: number;
}

async function startOnce(folder: string): Promise<void> {
  const before = memoryMb();
  const beganAt = performance.now();
  const store = await openFileStore({ folder, sync: 'full', logger: silentLogger });
  const ms = performance.now() - beganAt;
  const started: Started = { ms, mb: memoryMb() - before, count: store.count('endpointslices') };
  process.stdout.write(JSON.stringify(started));
  await store.close();
}

function memoryMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
}

function put(store: Store, index: number, endpoints: number): Promise<unknown> {
  return store.transact((transaction) => transaction.put('endpointslices', makeSlice(index, endpoints)));
}

/** As the controller writes it. */
function makeSlice(index: number, endpoints: number): ApiObject {
  const service = `service-${index}`;
  const object = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      name: `${service}-abcde`,
      namespace: `namespace-${index % 20}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    endpoints: Array.from({ length: endpoints }, (_, endpoint) => ({
      addresses: [`10.${index >> 8}.${index & 255}.${endpoint}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${endpoint % 10}`,
      targetRef: {
        kind: 'Pod',
        namespace: `namespace-${index % 20}`,
        name: `${service}-${endpoint}`,
        uid: '0',
      },
      zone: 'a',
    })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
  return object;
}

function row(what: string, figure: string, reference: string): void {
  console.log(`${what.padEnd(62)} ${figure.padEnd(30)} ${reference}`);
}

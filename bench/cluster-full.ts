/** A cluster of thousands of Services: its memory, its start, its lists, and what a change costs in it. */
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type ClusterClient, inParallel } from './cluster-client.ts';
import {
  type ClusterSize,
  fillFolder,
  fillWithPods,
  namespaceOf,
  selectingService,
} from './cluster-objects.ts';
import { ClusterProcess } from './cluster-process.ts';
import { measureReadiness, type ReadinessFigures } from './cluster-readiness.ts';
import type { ClusterTable } from './cluster-table.ts';
import { median, round } from './figures.ts';
import { progress } from './options.ts';

const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
/** After a start some memory is given back. */
const REST_MS = 15_000;
const ROUNDS = 7;
const PROXIED = 'labelSelector=!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name';
const INITIAL = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
/** What a proxy follows. */
const KINDS = [
  `/api/v1/services?${PROXIED}&${INITIAL}`,
  `${SLICES}?${PROXIED}&${INITIAL}`,
  `/api/v1/nodes?fieldSelector=metadata.name%3Dnode-1&${INITIAL}`,
  `/apis/networking.k8s.io/v1/servicecidrs?${INITIAL}`,
];

const FLAGS = ['--insecure-loopback'];
const REVISION = 'menwei_cluster_store_revision';

/** Where a cluster stood when it was stopped. */
interface Before {
  readonly revision: number;
  /** Its `kubernetes` Service names the port: at another one there is something to write. */
  readonly server: string;
}

/** What the API answered, on its way into another folder. */
interface Mutable {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: { selector?: unknown };
}

interface FullOptions extends ClusterSize {
  readonly launcher: string;
  /** For data. */
  readonly folder: string;
}

/** @returns what a change of a pod's readiness costs in it */
export async function measureFull(options: FullOptions, table: ClusterTable): Promise<ReadinessFigures> {
  const { launcher, services, endpoints } = options;
  const folder = join(options.folder, 'full');
  const bare = join(options.folder, 'bare');
  progress(`writing ${services * endpoints} pods …`);
  await fillWithPods(folder, options);
  const cluster = await ClusterProcess.start({ launcher, folder, flags: FLAGS });
  let readiness: ReadinessFigures;
  let before: Before;
  try {
    await cluster.settled();
    await createServices(cluster, options, table);
    readiness = await measureReadiness(cluster);
    await cluster.settled();
    await copyWithoutPods(cluster, bare);
    before = { revision: await cluster.metric(REVISION), server: cluster.client.server };
  } finally {
    await cluster.stop();
  }
  await measureRestart(options, folder, before, table);
  await measureBare(options, bare, table);
  return readiness;
}

async function createServices(
  cluster: ClusterProcess,
  size: ClusterSize,
  table: ClusterTable,
): Promise<void> {
  const beganAt = performance.now();
  const createdMs = await inParallel(size.services, 64, (index) =>
    cluster.client.create(`/api/v1/namespaces/${namespaceOf(index)}/services`, selectingService(index)),
  );
  const settledMs = (await cluster.settled()) - beganAt;
  table.add({
    what: `${size.services} Services made, all slices written`,
    value: settledMs / 1_000,
    unit: 's',
    note: `made in ${round(createdMs / 1_000, 1)} s by 64 clients`,
  });
}

/** The same Services and slices, as if somebody else had written the slices. */
async function copyWithoutPods({ client }: ClusterProcess, folder: string): Promise<void> {
  const services = await client.json('/api/v1/services');
  const slices = await client.json(SLICES);
  const addresses = await client.json('/apis/networking.k8s.io/v1/ipaddresses');
  const namespaces = await client.json('/api/v1/namespaces');
  const copies = (resource: string, list: typeof services, change: (object: Mutable) => void) =>
    list.items.map((item: Mutable) => {
      const object = { kind: list.kind.replace(/List$/, ''), apiVersion: list.apiVersion, ...item };
      change(object);
      return { resource, object };
    });
  await fillFolder(folder, [
    ...copies('namespaces', namespaces, () => undefined),
    ...copies('services', services, ({ spec }) => {
      delete spec.selector;
    }),
    ...copies('endpointslices', slices, ({ metadata }) => {
      metadata.labels['endpointslice.kubernetes.io/managed-by'] = 'bench';
    }),
    ...copies('ipaddresses', addresses, () => undefined),
  ]);
}

/** What a controller finds as it should be is not written again. */
async function measureRestart(
  { launcher }: FullOptions,
  folder: string,
  before: Before,
  table: ClusterTable,
): Promise<void> {
  const cluster = await ClusterProcess.start({
    launcher,
    folder,
    flags: [...FLAGS, '--listen', new URL(before.server).host],
    isProbed: true,
  });
  try {
    const reconciledMs = (await cluster.settled()) - cluster.startedMs;
    const after = await cluster.metric(REVISION);
    const { revision } = before;
    table.add({
      what: 'start with pods, until all is reconciled',
      value: reconciledMs / 1_000,
      unit: 's',
      target: { bound: 5 },
      note: `ready after ${round(cluster.readyMs / 1_000, 1)} s; ${after - revision} written`,
    });
    table.require(
      `a restart writes nothing (revision ${revision} before, ${after} after)`,
      after === revision,
    );
    await sleep(REST_MS);
    const pods = await cluster.metric('apiserver_resource_objects');
    table.add({
      what: 'memory with pods',
      value: cluster.rssMb,
      unit: 'MB',
      target: { bound: 1_200 },
      note: `${pods} objects`,
    });
    await measureLists(cluster, table);
  } finally {
    await cluster.stop();
  }
}

async function measureLists(cluster: ClusterProcess, table: ClusterTable): Promise<void> {
  const { client } = cluster;
  const list = await probedRounds(cluster, () => client.time(SLICES));
  table.add({
    what: 'LIST of all slices',
    value: list.ms,
    unit: 'ms',
    target: { bound: 200 },
    note: list.size,
    reference: '155 ms for 1,000 slices (11.4 MB)',
  });
  table.add({
    what: '  its longest hold of the event loop',
    value: list.stretchMs,
    unit: 'ms',
    target: { bound: 20 },
  });
  const page = await probedRounds(cluster, () => client.time(`${SLICES}?limit=500`));
  table.add({
    what: 'LIST, a page of 500',
    value: page.ms,
    unit: 'ms',
    target: { bound: 15 },
    note: page.size,
  });
  const sync = await probedRounds(cluster, () => initialSync(client));
  table.add({
    what: "a proxy's initial sync of all kinds",
    value: sync.ms,
    unit: 'ms',
    target: { bound: 500 },
    note: `${sync.size}; ${round(sync.stretchMs, 0)} ms at a stretch`,
  });
}

async function initialSync(client: ClusterClient): Promise<Answer> {
  const beganAt = performance.now();
  const answers = await Promise.all(KINDS.map((path) => client.watchList(path)));
  return { ms: performance.now() - beganAt, bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Medians, but of what holds the event loop: the worst of it. */
async function probedRounds(cluster: ClusterProcess, work: () => Promise<Answer>) {
  const answers: Answer[] = [];
  let stretchMs = 0;
  for (let index = 0; index < ROUNDS; index++) {
    const probed = await cluster.whileProbed(work);
    answers.push(probed.result);
    stretchMs = Math.max(stretchMs, probed.stretchMs);
  }
  return { ...medians(answers), stretchMs };
}

function medians(answers: readonly Answer[]) {
  const bytes = median(answers.map((answer) => answer.bytes));
  return { ms: median(answers.map(({ ms }) => ms)), size: `${round(bytes / 1e6, 1)} MB` };
}

/** Without pods; with TLS, as is usual, and by an address that is not of the loopback, where lists are compressed. */
async function measureBare({ launcher }: FullOptions, folder: string, table: ClusterTable): Promise<void> {
  const host = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const listen = host === undefined ? [] : ['--listen', '0.0.0.0:0'];
  const cluster = await ClusterProcess.start({ launcher, folder, flags: listen });
  try {
    const settledMs = (await cluster.settled()) - cluster.startedMs;
    await sleep(REST_MS);
    const ready = `ready after ${round(cluster.readyMs / 1_000, 1)} s, reconciled after ${round(settledMs / 1_000, 1)} s`;
    table.add({
      what: 'memory without pods',
      value: cluster.rssMb,
      unit: 'MB',
      target: { bound: 400 },
      note: ready,
    });
    const plain = await rounds(() => cluster.client.time(SLICES));
    table.add({ what: 'LIST of all slices by TLS', value: plain.ms, unit: 'ms', note: plain.size });
    if (host === undefined) return;
    const far = cluster.client.at(host);
    const cpuMs = cluster.cpuMs;
    const zipped = await rounds(() => far.time(SLICES, { 'accept-encoding': 'gzip' }));
    const cpu = (cluster.cpuMs - cpuMs) / ROUNDS;
    far.close();
    table.add({
      what: 'LIST of all slices by TLS, gzip',
      value: zipped.ms,
      unit: 'ms',
      note: `${zipped.size}; ${round(cpu, 0)} ms of a processor`,
      reference: '142 ms for 1,000 slices',
    });
  } finally {
    await cluster.stop();
  }
}

async function rounds(work: () => Promise<Answer>) {
  const answers: Answer[] = [];
  for (let index = 0; index < ROUNDS; index++) answers.push(await work());
  return medians(answers);
}

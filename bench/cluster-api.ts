/**
 * The API server of `menwei cluster` over HTTP, with a client in a thread of its own: lists and the beginnings of watches of 5,000
 * slices of 50 endpoints, what a write costs until watchers have it, and what open watches cost:
 * `npm run bench:cluster:parts`, or this file with `[SLICES ENDPOINTS]`. What holds the event loop is told as the time that this thread
 * computes at a stretch, so that other programs on the machine do not count.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { Worker } from 'node:worker_threads';
import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { resourceOf } from 'menwei/cluster/kinds/resources.ts';
import type { ApiObject } from 'menwei/cluster/schema/object.ts';
import { median, quantile, round } from './figures.ts';
import { watchStretches } from './stretches.ts';

const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
const INITIAL = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const WRITES = 500;
const CREATES = 3000;
const CLIENTS = 16;

/** Targets of the design, and kube-apiserver 1.36.2 where it was measured, on a machine of two cores. */
const REFERENCE = {
  list: 'target: 200 ms, 20 ms at a stretch; kube-apiserver: 155 ms for 1,000 slices',
  page: 'target: 15 ms',
  watchList: 'target: 500 ms for all kinds',
  creates: 'kube-apiserver: 305/s',
  told: 'target: p50 1 ms, p99 5 ms',
  many: 'target: 5 ms of this thread',
  open: 'target: 30 KB',
} as const;

/** Reads answers, and says how long they took; a watch until its beginning is marked. */
const CLIENT = `
const { parentPort, workerData } = require('node:worker_threads');
const { Agent, get, request } = require('node:http');
const agent = new Agent({ keepAlive: true, maxSockets: ${CLIENTS} });
function post(path, body) {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request(workerData + path, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    asked.end(body);
  });
}
async function create(path, bodies) {
  const beganAt = performance.now();
  const client = async () => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      if ((await post(path, body)) !== 201) throw new Error('not created');
    }
  };
  await Promise.all(Array.from({ length: ${CLIENTS} }, client));
  parentPort.postMessage({ ms: performance.now() - beganAt });
}
parentPort.on('message', ({ path, accept, bodies }) => {
  if (bodies !== undefined) return create(path, bodies);
  const beganAt = performance.now();
  let bytes = 0;
  const done = () => parentPort.postMessage({ ms: performance.now() - beganAt, bytes });
  const asked = get(workerData + path, { headers: { accept } }, (response) => {
    const isWatch = path.includes('watch=1');
    response.on('data', (chunk) => {
      bytes += chunk.length;
      if (!isWatch || !chunk.subarray(-400).includes('initial-events-end')) return;
      done();
      response.destroy();
    });
    if (!isWatch) response.on('end', done);
    response.on('error', () => undefined);
  });
  asked.on('error', () => undefined);
});`;

const [slices = 5000, endpoints = 50] = process.argv
  .slice(2)
  .filter((word) => word !== '--')
  .map(Number);

const api = await startTestApi();
await fill(api, slices, endpoints);
const client = new Worker(CLIENT, { eval: true, workerData: api.url });
await answers('LIST', SLICES, 'application/json', REFERENCE.list);
await answers('LIST, a page of 500', `${SLICES}?limit=500`, 'application/json', REFERENCE.page);
await answers('WATCH from the beginning', `${SLICES}?${INITIAL}`, 'application/json', REFERENCE.watchList);
await answers('Table, a page of 500', `${SLICES}?limit=500`, TABLE, '');
await answers('Table of all', SLICES, TABLE, '');
await creates();
await client.terminate();
await writes(1);
await writes(100);
await openWatches(1000);
await api.close();
process.exit();

async function answers(what: string, path: string, accept: string, reference: string): Promise<void> {
  const took: number[] = [];
  let worst = 0;
  let bytes = 0;
  for (let round = 0; round < 5; round++) {
    const stretch = watchStretches();
    const answered = once(client, 'message');
    client.postMessage({ path, accept });
    const [told] = await answered;
    worst = Math.max(worst, stretch());
    took.push(told.ms);
    bytes = told.bytes;
  }
  const size = `${round(bytes / 1e6, 1)} MB`;
  row(what, `${round(median(took), 1)} ms, ${size}, at most ${round(worst, 1)} ms at a stretch`, reference);
}

async function creates(): Promise<void> {
  const bodies = Array.from({ length: CREATES }, (_, index) =>
    JSON.stringify(slice('churn', index + 1, endpoints, 0)),
  );
  const answered = once(client, 'message');
  const cpu = process.threadCpuUsage();
  client.postMessage({ path: '/apis/discovery.k8s.io/v1/namespaces/churn/endpointslices', bodies });
  const [{ ms }] = await answered;
  const used = process.threadCpuUsage(cpu);
  const each = (used.user + used.system) / 1000 / CREATES;
  const figures = `${round((CREATES / ms) * 1000, 0)}/s, in memory; ${round(each, 2)} ms of this thread each`;
  row(`creates of slices, ${CLIENTS} clients`, figures, REFERENCE.creates);
}

/** Changes of one slice, each told to so many watchers. */
async function writes(watchers: number): Promise<void> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/churn/endpointslices?watch=1`;
  let heard = 0;
  const sockets = await Promise.all(
    Array.from({ length: watchers }, () =>
      openWatch(path, () => {
        heard++;
      }),
    ),
  );
  const took: number[] = [];
  const cpu = process.threadCpuUsage();
  for (let index = 0; index < WRITES; index++) {
    heard = 0;
    const beganAt = performance.now();
    await api.store.transact((transaction) =>
      transaction.put('endpointslices', slice('churn', 0, endpoints, index)),
    );
    while (heard < watchers) await new Promise((resolve) => setImmediate(resolve));
    took.push(performance.now() - beganAt);
  }
  const used = process.threadCpuUsage(cpu);
  for (const socket of sockets) socket.destroy();
  const each = (used.user + used.system) / 1000 / WRITES;
  const figures = `p50 ${round(median(took), 2)} ms, p99 ${round(quantile(took, 0.99), 2)} ms`;
  const both = `${round(each, 2)} ms of this thread, which reads, too`;
  row(
    `a write → ${watchers} watchers`,
    `${figures}; ${both}`,
    watchers === 1 ? REFERENCE.told : REFERENCE.many,
  );
}

async function openWatches(count: number): Promise<void> {
  global.gc?.();
  const before = process.memoryUsage().rss;
  const sockets = [];
  for (let index = 0; index < count; index++) {
    sockets.push(
      await openWatch(`/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dn${index}`, () => undefined),
    );
  }
  const kilobytes = (process.memoryUsage().rss - before) / 1024 / count;
  row(`${count} open watches`, `${round(kilobytes, 0)} KB each, with the client's side`, REFERENCE.open);
  for (const socket of sockets) socket.destroy();
}

/** Resolves when the watch is open. */
async function openWatch(path: string, onLine: () => void) {
  const asked = request(`${api.url}${path}`, { agent: false });
  asked.on('error', () => undefined);
  asked.end();
  const [response] = await once(asked, 'response');
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    if (chunk.includes('}\n')) onLine();
  });
  return asked;
}

async function fill({ store, registry }: TestApi, count: number, size: number): Promise<void> {
  const namespace: ApiObject = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'churn' } };
  await registry.create(resourceOf('', 'namespaces'), '', namespace);
  for (let index = 0; index < count; index += 100) {
    await store.transact((transaction) => {
      for (let own = index; own < Math.min(count, index + 100); own++) {
        transaction.put('endpointslices', slice('default', own, size, 0));
      }
    });
  }
}

function slice(namespace: string, index: number, size: number, version: number): ApiObject & object {
  const made = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      name: `slice-${index}`,
      namespace,
      uid: `uid-${index}`,
      labels: { version: String(version) },
    },
    addressType: 'IPv4',
    endpoints: Array.from({ length: size }, (_, endpoint) => ({
      addresses: [`10.${(index >> 8) % 256}.${index % 256}.${endpoint}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${endpoint}`,
      targetRef: {
        kind: 'Pod',
        namespace,
        name: `pod-${index}-${endpoint}`,
        uid: `uid-${index}-${endpoint}`,
      },
      zone: 'zone-1',
    })),
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  };
  return made;
}

function row(what: string, figures: string, reference: string): void {
  console.log(`${what.padEnd(32)} ${figures.padEnd(60)} ${reference}`);
}

/**
 * What the names of a cluster cost: memory, and one changed endpoint until it is answered, with the same in a cluster of a tenth of
 * the Services. `npm run bench:dns-zone`
 */

import { execFileSync } from 'node:child_process';
import { TYPE } from 'menwei/dns/wire/question.ts';
import { ClusterZone } from 'menwei/dns/zone/cluster-zone.ts';
import { decodeNamedEndpointSlice, decodeService } from 'menwei/kubernetes/decode.ts';
import { ObjectTables } from 'menwei/state/object-tables.ts';
import { median, quantile, round } from './figures.ts';

const CHANGES = 2_000;
const ENDPOINTS_IN_SLICE = 100;

/** Each in a process of its own, so that none has the memory of another. */
function main(): void {
  const [services, endpoints] = process.argv.slice(2).map(Number);
  if (services !== undefined && endpoints !== undefined) {
    measure(services, endpoints);
    return;
  }
  const medians = [
    [1_000, 10],
    [500, 50],
    [5_000, 50],
  ].map((size) => {
    const args = ['--expose-gc', import.meta.filename, ...size.map(String)];
    const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
    process.stdout.write(text);
    return Number(/p50 ([\d.]+)/.exec(text)?.[1]);
  });
  const [, few = Number.NaN, many = Number.NaN] = medians;
  console.log(`one change among 5000 Services against 500: × ${round(many / few)}`);
}

function measure(services: number, endpoints: number): void {
  const before = memoryMB();
  const emptyMB = process.memoryUsage.rss() / 1e6;
  const tables = new ObjectTables('', { names: true });
  tables.syncedSources.put('bench', { sinceMs: 0 });
  for (let index = 0; index < services; index += 1) {
    put(tables, decodeService(serviceOf(index)).object);
    for (let first = 0; first < endpoints; first += ENDPOINTS_IN_SLICE) {
      put(
        tables,
        decodeNamedEndpointSlice(sliceOf(index, first, Math.min(endpoints, ENDPOINTS_IN_SLICE))).object,
      );
    }
  }
  const startMs = performance.now();
  const zone = new ClusterZone(tables, OPTIONS, () => Math.floor(Date.now() / 1_000));
  const indexMs = performance.now() - startMs;
  const after = memoryMB();
  const processMB = process.memoryUsage.rss() / 1e6;
  const times = Array.from({ length: CHANGES }, (_, run) => {
    const index = run % services;
    const changed = decodeNamedEndpointSlice(sliceOf(index, 0, endpoints, run)).object;
    return timed(() => {
      put(tables, changed);
      zone.lookup({ name: nameOf(index), type: TYPE.A, class: 1 });
    });
  });
  console.log(
    `${services} Services × ${endpoints} endpoints: ${round(after - before)} MB of heap, process ${round(processMB)} MB (${round(emptyMB)} MB without objects), ` +
      `${round(process.memoryUsage.rss() / 1e6)} MB after ${CHANGES} changes; index ${round(indexMs)} ms; one changed endpoint until it is answered p50 ${round(median(times) * 1_000)} µs, p99 ${round(quantile(times, 0.99) * 1_000)} µs`,
  );
  zone.close();
}

const OPTIONS = {
  domain: 'cluster.local',
  ttlSeconds: 5,
  negativeTtlSeconds: 5,
  pods: 'insecure',
  endpointPodNames: false,
  ownAddresses: [],
} as const;

function nameOf(index: number): string {
  return `service-${index}.ns-${index % 50}.svc.cluster.local`;
}

/** Every other one is headless. */
function serviceOf(index: number): unknown {
  return {
    metadata: { name: `service-${index}`, namespace: `ns-${index % 50}` },
    spec: {
      clusterIP: index % 2 === 0 ? 'None' : `172.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
      ports: [{ name: 'http', port: 80 }],
    },
  };
}

function sliceOf(index: number, first: number, count: number, run = 0): unknown {
  return {
    metadata: {
      name: `service-${index}-${first}`,
      namespace: `ns-${index % 50}`,
      labels: { 'kubernetes.io/service-name': `service-${index}` },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: Array.from({ length: count }, (_, at) => {
      const number = index * 50 + first + at + (at === 0 ? run * 7 : 0);
      return {
        addresses: [`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`],
        conditions: { ready: true },
        targetRef: {
          kind: 'Pod',
          name: `service-${index}-7d9f8b6c5d-${(number % 100_000).toString(36).padStart(5, 'b')}`,
        },
      };
    }),
  };
}

function put(tables: ObjectTables, object: Parameters<ObjectTables['put']>[0] | undefined): void {
  if (object === undefined) throw new Error('BUG: not decoded');
  tables.put(object);
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function memoryMB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

main();

/**
 * What the names of a cluster cost: memory, and one changed endpoint from the text of its event until it is answered, with the same
 * in a cluster of a tenth of the Services, and in a Service of a tenth of the endpoints. `npm run bench:dns-zone`
 *
 * "Idle" changes come one at a time, with nothing else to do; "busy" ones while four other processes want each processor of the
 * machine: what is more then is the time in which the kernel lets others run. "In a row" they come as fast as they are answered, which is when
 * the collection of garbage has no time of its own: "longest pause" is how long it held up everything at most.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TYPE } from 'menwei/dns/wire/question.ts';
import { ClusterZone } from 'menwei/dns/zone/cluster-zone.ts';
import { decodeNamedEndpointSlice, decodeService } from 'menwei/kubernetes/decode.ts';
import { ObjectTables } from 'menwei/state/object-tables.ts';
import { median, quantile, round } from './figures.ts';

const CHANGES = 1_000;
const CHANGES_IN_A_ROW = 30_000;
const BETWEEN_CHANGES_MS = 2;
const ENDPOINTS_IN_SLICE = 100;
const BOUND_MS = 5;

/** Each in a process of its own, so that none has the memory of another. */
async function main(): Promise<void> {
  const [how, services, endpoints] = process.argv.slice(2);
  if (how !== undefined) {
    console.log(await measure(how, Number(services), Number(endpoints)));
    return;
  }
  measuredApart('changes', 1_000, 10);
  const few = measuredApart('changes', 500, 50);
  const many = measuredApart('changes', 5_000, 50);
  console.log(`one change among 5000 Services against 500: × ${round(many / few)}`);
  const narrow = measuredApart('elsewhere', 10, 1_000);
  const wide = measuredApart('elsewhere', 10, 10_000);
  console.log(
    `one change to a Service of 10000 endpoints against one of 1000, until another name is answered: × ${round(wide / narrow)}`,
  );
}

/** Returns the median of idle changes in milliseconds. */
function measuredApart(...how: readonly (string | number)[]): number {
  const args = ['--expose-gc', '--max-semi-space-size=2', import.meta.filename, ...how.map(String)];
  const lines = execFileSync(process.execPath, args, { encoding: 'utf8' }).trimEnd().split('\n');
  console.log(lines.slice(0, -1).join('\n'));
  return Number(lines.at(-1));
}

/** @param how `elsewhere`: until it is answered that there is no other name, since an answer costs as much as it has records */
async function measure(how: string, services: number, endpoints: number): Promise<number> {
  const before = memoryMB();
  const emptyMB = residentMB();
  const tables = someTables(services, endpoints);
  const startMs = performance.now();
  const zone = new ClusterZone(tables, OPTIONS, () => Math.floor(Date.now() / 1_000));
  const indexMs = performance.now() - startMs;
  console.log(
    `${services} Services × ${endpoints} endpoints: ${round(memoryMB() - before)} MB of heap, process ${round(residentMB())} MB (${round(emptyMB)} MB without objects), index ${round(indexMs)} ms`,
  );
  let run = 0;
  const change = (): number => {
    run += 1;
    const index = run % services;
    const event = JSON.stringify(sliceOf(index, 0, Math.min(endpoints, ENDPOINTS_IN_SLICE), run));
    const name = nameOf(how === 'elsewhere' ? services : index);
    return timed(() => {
      put(tables, decodeNamedEndpointSlice(JSON.parse(event)).object);
      zone.lookup({ name, type: TYPE.A, class: 1 });
    });
  };
  const idle = await paced(change);
  tell('idle', idle);
  if (how === 'changes') {
    await measureBusy(change);
    await measureInARow(change);
  }
  zone.close();
  return median(idle);
}

async function measureBusy(change: () => number): Promise<void> {
  const others = Array.from({ length: availableParallelism() * 4 }, startOther);
  await sleep(200);
  tell('busy', await paced(change));
  for (const other of others) other.kill();
}

async function paced(change: () => number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let count = 0; count < CHANGES; count += 1) {
    await sleep(BETWEEN_CHANGES_MS);
    times.push(change());
  }
  return times;
}

async function measureInARow(change: () => number): Promise<void> {
  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.push(duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  const times = Array.from({ length: CHANGES_IN_A_ROW }, change);
  await sleep(10);
  observer.disconnect();
  tell(
    'in a row',
    times,
    `; garbage ${pauses.length} times, longest pause ${round(Math.max(...pauses))} ms; process ${round(residentMB())} MB`,
  );
}

function tell(how: string, times: readonly number[], more = ''): void {
  const [p50, p99, most] = [0.5, 0.99, 1].map((fraction) => round(quantile(times, fraction), 2));
  const late = times.filter((time) => time > BOUND_MS).length;
  console.log(
    `  ${how}: p50 ${p50} ms, p99 ${p99} ms, at most ${most} ms; ${late} of ${times.length} took more than ${BOUND_MS} ms${more}`,
  );
}

/** A process that never rests. */
function startOther(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
}

function someTables(services: number, endpoints: number): ObjectTables {
  const tables = new ObjectTables('', { names: true });
  tables.syncedSources.put('bench', { sinceMs: 0 });
  for (let index = 0; index < services; index += 1) {
    put(tables, decodeService(serviceOf(index)).object);
    for (let first = 0; first < endpoints; first += ENDPOINTS_IN_SLICE) {
      const slice = sliceOf(index, first, Math.min(endpoints, ENDPOINTS_IN_SLICE));
      put(tables, decodeNamedEndpointSlice(slice).object);
    }
  }
  return tables;
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

function residentMB(): number {
  return process.memoryUsage.rss() / 1e6;
}

await main();

/**
 * How long the event loop stands still, and what stays in memory, while a large list of EndpointSlices is read from an
 * API server: `node --expose-gc bench/list-decode.ts [slices] [endpoints]`. The server is a process of its own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createApiClient } from 'menwei/kubernetes/api-client.ts';
import { plainConnection } from 'menwei/kubernetes/connection.ts';
import { decodeEndpointSlice } from 'menwei/kubernetes/decode.ts';
import type { EndpointSlice } from 'menwei/kubernetes/objects.ts';
import { Reflector } from 'menwei/kubernetes/reflector.ts';

/** What the API server makes the ends of names from. */
const GENERATED = 'bcdfghjklmnpqrstvwxz2456789';

const [command = '2500', second = '100'] = process.argv.slice(2);
if (command === 'serve') serve(Number(process.argv[3]), Number(process.argv[4]));
else await main(Number(command), Number(second));

async function main(slices: number, endpoints: number): Promise<void> {
  const child = fork(import.meta.filename, ['serve', String(slices), String(endpoints)]);
  try {
    const url = await urlOf(child);
    console.log(`${slices} slices of ${endpoints} endpoints`);
    console.log('page size    time    longest stall    heap kept');
    for (const pageSize of [500, 500, 1_000_000, 1_000_000]) await measure(url, pageSize);
  } finally {
    child.kill();
  }
}

async function urlOf(child: ChildProcess): Promise<string> {
  const [url]: unknown[] = await once(child, 'message');
  return String(url);
}

async function measure(url: string, pageSize: number): Promise<void> {
  const client = createApiClient(plainConnection(url), { userAgent: 'menwei/bench', qps: -1, burst: 1 });
  const kept = new Map<string, EndpointSlice>();
  const stop = new AbortController();
  const heapBefore = heapMb();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const beganAtMs = performance.now();
  await new Reflector({
    client,
    resource: { kind: 'EndpointSlice', path: '/slices', decode: decodeEndpointSlice },
    sink: {
      upsert: (slice) => keep(kept, slice),
      remove: () => undefined,
      report: console.error,
      stale: () => undefined,
    },
    observer: { working: () => undefined, failed: console.error, listed: () => stop.abort() },
    timing: { pageSize },
  }).run(stop.signal);
  const tookMs = performance.now() - beganAtMs;
  delay.disable();
  await client.close();
  const page = pageSize > 100_000 ? 'all' : String(pageSize);
  const heap = `${(heapMb() - heapBefore).toFixed(0)} MB`;
  console.log(
    `${page.padEnd(9)} ${tookMs.toFixed(0).padStart(5)} ms ${(delay.max / 1e6).toFixed(0).padStart(13)} ms ${heap.padStart(12)}`,
  );
  if (kept.size === 0) throw new Error('nothing was delivered');
}

function keep(
  kept: Map<string, EndpointSlice>,
  object: { readonly name: string; readonly kind: string },
): void {
  if (isSlice(object)) kept.set(object.name, object);
}

function isSlice(object: { readonly kind: string }): object is EndpointSlice {
  return object.kind === 'EndpointSlice';
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

function serve(slices: number, endpoints: number): void {
  const items = Array.from({ length: slices }, (_, i) => JSON.stringify(sliceJson(i, endpoints)));
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://bench').searchParams;
    if (query.has('watch')) return void response.flushHeaders();
    const from = Number(query.get('continue') ?? 0);
    const to = from + Number(query.get('limit') ?? items.length);
    const metadata = { resourceVersion: '1', ...(to < items.length && { continue: String(to) }) };
    const head = JSON.stringify({ kind: 'EndpointSliceList', apiVersion: 'discovery.k8s.io/v1', metadata });
    response.end(`${head.slice(0, -1)},"items":[${items.slice(from, to).join(',')}]}`);
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send?.(`http://127.0.0.1:${port}`);
  });
  process.on('disconnect', () => process.exit());
}

/** As the API server writes them, managedFields and all. */
function sliceJson(number: number, endpoints: number): object {
  const address = (i: number): string => `10.${(number >> 8) & 255}.${number & 255}.${i & 255}`;
  return {
    metadata: {
      name: `service-${number}-abcde`,
      generateName: `service-${number}-`,
      namespace: 'default',
      uid: `4c1f2b5e-0000-4000-8000-${String(number).padStart(12, '0')}`,
      resourceVersion: String(1000 + number),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': `service-${number}`,
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
      managedFields: [
        { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:endpoints': {} } },
      ],
    },
    addressType: 'IPv4',
    endpoints: Array.from({ length: endpoints }, (_, i) => ({
      addresses: [address(i)],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `worker-${i % 50}.cluster.test`,
      zone: 'east-1',
      targetRef: {
        kind: 'Pod',
        namespace: 'default',
        name: `service-${number}-6f5d9c7b8-${GENERATED.charAt(i % 27)}x7${GENERATED.charAt(i / 27)}k`,
        uid: `5d2f2b5e-0000-4000-8000-${String(i).padStart(12, '0')}`,
      },
    })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

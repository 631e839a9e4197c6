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
import { sliceJson } from './objects.ts';

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
      flawed: () => undefined,
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

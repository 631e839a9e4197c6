/** What a scrape of `/metrics` costs the proxy: processor time of its main thread, and how long the event loop is held up. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { Command } from 'commander';
import { silentLogger } from 'menwei/log/logger.ts';
import { startMetricsServer } from 'menwei/metrics/metrics-server.ts';
import { ProxyMetrics } from 'menwei/metrics/proxy-metrics.ts';
import { BUILD } from 'menwei/setup/version.ts';
import { State } from 'menwei/state/state.ts';
import { quantile, round } from './figures.ts';
import { positive, positives } from './options.ts';

const ROUNDS = 9;
const HOST = '127.0.0.1';

/** A proxy with so many Services of one port. */
function aState(services: number, endpoints: number): State {
  const state = new State('node-1');
  const { servicePorts, status } = state.families.IPv4;
  for (let index = 0; index < services; index++) {
    const port = aServicePort({
      ...{ namespace: 'bench', name: `service-${index}`, portName: 'http' },
      endpoints: Array.from({ length: endpoints }, (_, number) => anEndpoint({ ip: `10.0.0.${number + 1}` })),
    });
    servicePorts.put(port.key, port);
    status.put(port.key, { servicePort: port.key, family: 'IPv4', state: 'programmed', sinceMs: 0 });
  }
  return state;
}

async function serve(services: number, endpoints: number, limit: number) {
  const metrics = new ProxyMetrics({ mode: 'nftables', build: BUILD });
  metrics.follow({
    state: aState(services, endpoints),
    families: [
      {
        family: 'IPv4',
        node: () => aNodeView(),
        pendingChanges: () => ({ services: new Set<string>(), endpointSlices: new Set<string>() }),
        traffic: async () => undefined,
      },
    ],
    // The objects themselves are not there: none counts.
    tellsEndpoints: false,
    serviceLimit: () => (services > limit ? -1 : limit),
  });
  const address = { host: HOST, port: 0 };
  const server = startMetricsServer({ address, metrics, mode: () => 'nftables', logger: silentLogger });
  return { server, port: (await server.listening).port };
}

/** Lets another thread scrape, so many times at once. */
async function scrape(worker: Worker, port: number, clients: number) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.threadCpuUsage();
  worker.postMessage({ port, clients });
  const [answer] = (await once(worker, 'message')) as [{ readonly bytes: number; readonly ms: number }];
  const { user, system } = process.threadCpuUsage(before);
  delay.disable();
  return { ...answer, ownMs: (user + system) / 1000, stallMs: delay.max / 1e6 - 1 };
}

async function measure(worker: Worker, port: number, clients: number) {
  await scrape(worker, port, clients);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await scrape(worker, port, clients));
  const median = (values: readonly number[]) => round(quantile(values, 0.5));
  return {
    clients,
    kilobytes: round((rounds[0]?.bytes ?? 0) / 1000),
    ownMs: median(rounds.map(({ ownMs }) => ownMs)),
    stallMs: median(rounds.map(({ stallMs }) => stallMs)),
    tookMs: median(rounds.map(({ ms }) => ms)),
  };
}

/** Clients that ask and never read. */
function openStuckClients(port: number, count: number) {
  return Array.from({ length: count }, () => {
    const socket = connect(port, HOST);
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n');
    return socket.on('error', () => undefined);
  });
}

async function main(counts: readonly number[], endpoints: number): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: 'client' });
  for (const services of counts) {
    for (const limit of [services, 0]) {
      const { server, port } = await serve(services, endpoints, limit);
      const series = limit === 0 ? 'sums only' : 'all series';
      const print = (what: string, figures: object) =>
        process.stdout.write(`${services} Services, ${series}, ${what}: ${JSON.stringify(figures)}\n`);
      print('one client', await measure(worker, port, 1));
      print('ten clients', await measure(worker, port, 10));
      const stuck = openStuckClients(port, 10);
      print('one beside ten that do not read', await measure(worker, port, 1));
      for (const socket of stuck) socket.destroy();
      await server.close();
    }
  }
  await worker.terminate();
}

function client(): void {
  parentPort?.on(
    'message',
    async ({ port, clients }: { readonly port: number; readonly clients: number }) => {
      const startedMs = performance.now();
      const texts = await Promise.all(
        Array.from({ length: clients }, async () => (await fetch(`http://${HOST}:${port}/metrics`)).text()),
      );
      parentPort?.postMessage({ bytes: texts[0]?.length ?? 0, ms: performance.now() - startedMs });
    },
  );
}

if (isMainThread || workerData !== 'client') {
  const { services, endpoints } = new Command()
    .option('--services <counts>', 'numbers of Services', positives, [10, 1_000, 10_000])
    .option('--endpoints <count>', 'endpoints of each', positive, 10)
    .parse()
    .opts<{ readonly services: readonly number[]; readonly endpoints: number }>();
  await main(services, endpoints);
} else client();

/**
 * Whether the relays of userspace mode grow: connections and flows come and go for a while, and the process says how
 * much memory and how many descriptors it has.
 *
 *   npm run bench:soak -- [--minutes 10]
 *
 * New connections and bulk traffic of bench/dataplane.ts in turn, and UDP questions each from another port, through one
 * Service each. The last line compares the end with what was reached after a tenth of the time.
 */
import { readdirSync } from 'node:fs';
import { enterNamespace } from '@menwei/kernel/netns.ts';
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { Command } from 'commander';
import type { RelayPool } from 'menwei/relay/pool.ts';
import { orFail } from 'menwei/setup/failure.ts';
import { createDataPath, type DataPath } from './data-path.ts';
import { round } from './figures.ts';
import { benchService, benchSlice } from './objects.ts';
import { positive } from './options.ts';
import { createProxy, openBenchRelays, startBackend } from './proxy.ts';
import { type Target, Traffic } from './traffic.ts';

const { minutes } = new Command('bench:soak')
  .option('--minutes <n>', 'how long', positive, 10)
  .parse()
  .opts<{ readonly minutes: number }>();

const ENDPOINTS = 4;
const PODS = benchSlice(0, ENDPOINTS, false).endpoints.map(({ ip }) => ip);
const POD_PORT = 8080;
const UDP_ADDRESS = '10.96.255.53';
const [UDP_POD = ''] = PODS;
const UDP_POD_PORT = 5353;
const QUESTIONS = 1_000;
const REPORT_MS = 30_000;

interface Sample {
  readonly rssMb: number;
  readonly descriptors: number;
}

async function main(): Promise<void> {
  using traffic = new Traffic();
  using path = createDataPath(PODS);
  enterNamespace(path.node);
  const relays = await openBenchRelays('userspace');
  if (relays === undefined) throw new Error('BUG: userspace mode has relays');
  try {
    await program(relays);
    await soak(traffic, path, relays);
  } finally {
    await relays.close(0);
  }
}

async function program(relays: RelayPool): Promise<void> {
  const runner = startToolRunner();
  try {
    const { signal } = new AbortController();
    const proxy = createProxy(await startBackend('userspace', runner, relays, signal));
    proxy.state.objects.put(benchService(0));
    proxy.state.objects.put(benchSlice(0, ENDPOINTS, false));
    const ports = [{ name: 'dns', protocol: 'UDP' as const, port: 53 }];
    const clusterIPs = { IPv4: UDP_ADDRESS };
    proxy.state.objects.put(aService({ namespace: 'bench', name: 'dns', clusterIPs, ports }));
    const podPorts = [{ ...ports[0], port: UDP_POD_PORT }];
    const slice = {
      namespace: 'bench',
      name: 'dns-1',
      serviceName: 'dns',
      ports: podPorts,
      endpoints: [UDP_POD],
    };
    proxy.state.objects.put(aSlice(slice));
    const { ok, error, refused } = await proxy.sync(signal);
    if (!ok) throw error;
    for (const refusal of refused) throw refusal.error;
  } finally {
    runner.close();
  }
}

async function soak(traffic: Traffic, { client, pods }: DataPath, relays: RelayPool): Promise<void> {
  await traffic.serve(pods, POD_PORT);
  await traffic.answerDatagrams(pods, UDP_POD_PORT, UDP_POD);
  const service: Target = { addresses: [benchService(0).clusterIPs.IPv4 ?? ''], port: 80 };
  const dns: Target = { addresses: [UDP_ADDRESS], port: 53 };
  const startedMs = performance.now();
  const endMs = startedMs + minutes * 60_000;
  let early: Sample | undefined;
  let answered = 0;
  for (let reportMs = startedMs; performance.now() < endMs; ) {
    await traffic.connect(client, [service], { concurrency: 64, turnSeconds: 2, turns: 1 });
    answered += await traffic.ask(client, QUESTIONS, dns);
    const now = performance.now();
    if (now - startedMs > minutes * 6_000) early ??= sample();
    if (now < reportMs) continue;
    reportMs = now + REPORT_MS;
    report(round((now - startedMs) / 60_000), sample(), relays, answered);
  }
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const late = sample();
  report(minutes, late, relays, answered);
  const growth = round(late.rssMb - (early?.rssMb ?? Number.NaN), 1);
  process.stdout.write(`from the first tenth to the end: ${growth} MB\n`);
}

function report(minute: number, { rssMb, descriptors }: Sample, relays: RelayPool, answered: number): void {
  const { connections, unserved, openConnections, openFlows } = relays.stats();
  process.stdout.write(
    `${minute} min: ${rssMb} MB, ${descriptors} descriptors, ${connections} connections and flows so far, ` +
      `${unserved} unserved, ${openConnections} connections and ${openFlows} flows open, ${answered} questions answered\n`,
  );
}

function sample(): Sample {
  return {
    rssMb: round(process.memoryUsage.rss() / 2 ** 20, 1),
    descriptors: readdirSync('/proc/self/fd').length,
  };
}

await orFail(main);

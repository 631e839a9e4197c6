/**
 * New connections a second, the time of one request, and bytes a second over 1 and 64 connections, through a ClusterIP and to
 * the same pods directly. In userspace mode also what an open connection costs.
 *
 *   npm run bench:dataplane -- --modes iptables,nftables --services 1,5000,45000 [--rounds 15] [--json]
 *   npm run bench:dataplane -- --modes iptables,nftables,ipvs --services 10,1000,10000
 *   npm run bench:dataplane -- --modes iptables,userspace --services 1
 *
 * With the ipvs mode among them, all of it runs in one guest where this kernel has no IPVS (bench/guest.ts).
 *
 * The measured Service is the last of so many and has four endpoints; the others have one. The proxy's own classes
 * program the node, and bench/traffic.c makes the traffic: for a twentieth of a second on each path, in turn, so what
 * else the machine does falls on all of them alike. A figure is the median of all turns, a ratio the median of the ratios
 * of turns that followed each other.
 *
 * Direct traffic passes the node with all its rules, as it does in a cluster. What a long list of rules costs it too is
 * seen beside the `plain` path: the same pods by way of a router without rules and connection tracking.
 */

import { enterNamespace } from '@menwei/kernel/netns.ts';
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { Command } from 'commander';
import { findMode } from 'menwei/backends/modes.ts';
import type { Relays } from 'menwei/relay/contract.ts';
import type { RelayStats } from 'menwei/relay/pool.ts';
import { orFail } from 'menwei/setup/failure.ts';
import { readSettings } from 'menwei/setup/settings-input.ts';
import { conntrackLosses, createDataPath, type DataPath, dataPathSettings } from './data-path.ts';
import { round } from './figures.ts';
import { enterGuest, guestOption } from './guest.ts';
import { measureHeld } from './held-connections.ts';
import { describeNewConnections, measureNewConnections } from './new-connections.ts';
import { benchService, benchSlice } from './objects.ts';
import { positive, positives, progress, toolsOption } from './options.ts';
import { createProxy, openBenchRelays, startBackend } from './proxy.ts';
import { measureThroughput } from './throughput.ts';
import { Traffic } from './traffic.ts';
import { chooseVariant } from './variant.ts';

interface Options {
  readonly modes: string;
  readonly services: readonly number[];
  readonly rounds: number;
  readonly tools: 'legacy' | 'nf_tables' | 'default';
  readonly guest: boolean;
  readonly json: boolean;
}

const options = new Command('bench:dataplane')
  .option('--modes <modes>', 'proxy modes', 'iptables')
  .option('--services <numbers>', 'numbers of Services', positives, [1, 5000, 45_000])
  .option('--rounds <n>', 'measurements of all paths; one takes 2 s', positive, 15)
  .addOption(toolsOption())
  .addOption(guestOption())
  .option('--json', 'one JSON array on the last line', false)
  .parse()
  .opts<Options>();

const ENDPOINTS = 4;
const SERVICE_PORT = 80;
const POD_PORT = 8080;

/** One line of the report: the mode's name and its figures. */
type Case = Readonly<Record<string, string | number>>;

async function main(): Promise<void> {
  const modes = options.modes.split(',');
  enterGuest(modes, options.guest);
  for (const mode of modes) findMode((await readSettings({ 'proxy-mode': mode })).settings.mode);
  using traffic = new Traffic();
  using variant = chooseVariant(options.tools);
  sayWhatIsSet();
  const cases: Case[] = [];
  for (const mode of modes) {
    for (const services of options.services) {
      progress(`${mode}, ${services} Services (${variant.name} tools) …`);
      cases.push(await measureCase(traffic, mode, services));
    }
  }
  report(cases.map((each) => besideIptables(each, cases)));
}

/** Adds what the iptables mode got out of the same path, if it was measured, as 1. */
function besideIptables(figures: Case, cases: readonly Case[]): Case {
  const iptables = cases.find(({ mode, services }) => mode === 'iptables' && services === figures.services);
  const ratios = ['ratioToDirect', 'throughputToDirect1', 'throughputToDirect64'].map((name) => [
    name.replace('Direct', 'Iptables'),
    round(Number(figures[name]) / Number(iptables?.[name]), 3),
  ]);
  return iptables === undefined ? figures : { ...figures, ...Object.fromEntries(ratios) };
}

function sayWhatIsSet(): void {
  progress('set in namespaces of its own, nowhere else:');
  for (const [name, settings] of Object.entries(dataPathSettings(ENDPOINTS))) {
    for (const [setting, value] of Object.entries(settings)) progress(`  ${name}: ${setting} = ${value}`);
  }
}

async function measureCase(traffic: Traffic, mode: string, services: number): Promise<Case> {
  const endpoints = benchSlice(services - 1, ENDPOINTS, false).endpoints.map(({ ip }) => ip);
  using path = createDataPath(endpoints);
  enterNamespace(path.node);
  const ended = new AbortController();
  const relays = await openBenchRelays(mode);
  try {
    const programmedMs = await program(mode, services, relays, ended.signal);
    return {
      mode,
      services,
      ...(await measure(traffic, mode, path, benchService(services - 1).clusterIPs.IPv4 ?? '', endpoints)),
      ...(relays === undefined ? {} : describeRelays(relays.stats())),
      programmedMs: round(programmedMs, 0),
    };
  } finally {
    ended.abort();
    await relays?.close(0);
  }
}

/** A pod that is kept waiting by this very traffic may count as silent; then another one was asked. */
function describeRelays({ connections, failedAttempts, unserved }: RelayStats): Case {
  return { relayed: connections, failedAttempts, unserved };
}

/** Programs the calling thread's namespace, and leaves it programmed. */
async function program(
  mode: string,
  services: number,
  relays: Relays | undefined,
  signal: AbortSignal,
): Promise<number> {
  const runner = startToolRunner();
  try {
    const proxy = createProxy(await startBackend(mode, runner, relays, signal));
    for (let index = 0; index < services; index++) {
      proxy.state.objects.put(benchService(index));
      proxy.state.objects.put(benchSlice(index, index === services - 1 ? ENDPOINTS : 1, false));
    }
    const startedMs = performance.now();
    const result = await proxy.sync(signal);
    if (!result.ok) throw result.error;
    for (const { error } of result.refused) throw error;
    return performance.now() - startedMs;
  } finally {
    runner.close();
  }
}

async function measure(
  traffic: Traffic,
  mode: string,
  path: DataPath,
  vip: string,
  endpoints: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const service = { addresses: [vip], port: SERVICE_PORT };
  const direct = { addresses: endpoints, port: POD_PORT };
  const plain = { addresses: path.plainAddresses, port: POD_PORT };
  const targets = { service, direct, plain };
  // What was busy before keeps memory that is not its connections'.
  const held =
    mode === 'userspace'
      ? await during(await traffic.serveStreams(path.pods, POD_PORT), () =>
          measureHeld(traffic, path.client, service),
        )
      : {};
  const connections = await during(await traffic.serve(path.pods, POD_PORT), () =>
    measureNewConnections(traffic, path.client, targets, options.rounds),
  );
  const losses = conntrackLosses();
  if (losses > 0) throw new Error(`connection tracking lost ${losses} packets: the figures mean nothing`);
  const throughput = await during(await traffic.serveStreams(path.pods, POD_PORT), () =>
    measureThroughput(traffic, path.client, targets, options.rounds),
  );
  return { ...describeNewConnections(connections), ...throughput, ...held };
}

/** Stops the server afterwards. */
async function during<T>(server: HostProcess, measure: () => Promise<T>): Promise<T> {
  try {
    return await measure();
  } finally {
    await server.stop();
  }
}

function report(cases: readonly Case[]): void {
  const names = [...new Set(cases.flatMap((figures) => Object.keys(figures)))];
  const lines = [names, ...cases.map((figures) => names.map((name) => String(figures[name] ?? '')))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines)
    process.stdout.write(`${line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(cases)}\n`);
}

await orFail(main);

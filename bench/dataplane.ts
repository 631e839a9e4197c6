/**
 * New connections a second and the time of one request, through a ClusterIP and to the same pods directly.
 *
 *   npm run bench:dataplane -- --modes iptables,nftables --services 1,5000,45000 [--rounds 15] [--json]
 *   npm run bench:dataplane -- --modes iptables,nftables,ipvs --services 10,1000,10000
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
import { Command } from 'commander';
import { orFail } from '../src/cli/failure.ts';
import { findMode } from '../src/cli/modes.ts';
import { readSettings } from '../src/cli/settings-input.ts';
import { enterNamespace, type NetworkNamespace } from '../src/kernel/netns.ts';
import { startToolRunner } from '../src/kernel/tool-runner.ts';
import { conntrackLosses, createDataPath, dataPathSettings } from './data-path.ts';
import { median, round } from './figures.ts';
import { enterGuest, guestOption } from './guest.ts';
import { benchService, benchSlice } from './objects.ts';
import { positive, positives, progress, toolsOption } from './options.ts';
import { createProxy, startBackend } from './proxy.ts';
import { type Target, Traffic, type TrafficOutcome } from './traffic.ts';
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

/** Enough to keep two processors busy. */
const RATE = { concurrency: 64, turnSeconds: 0.05, turns: 8 };
/** One request at a time: how long it takes, not how long it waits for others. */
const LATENCY = { concurrency: 1, turnSeconds: 0.05, turns: 4 };

interface Figures {
  /** The median of the next ones. */
  readonly connPerSec: number;
  readonly connPerSecOfTurns: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
}

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
  report(cases);
}

function sayWhatIsSet(): void {
  progress('set in namespaces of its own, nowhere else:');
  for (const [name, settings] of Object.entries(dataPathSettings(ENDPOINTS))) {
    for (const [setting, value] of Object.entries(settings)) progress(`  ${name}: ${setting} = ${value}`);
  }
}

async function measureCase(traffic: Traffic, mode: string, services: number): Promise<Case> {
  const endpoints = benchSlice(services - 1, ENDPOINTS, false).endpoints.map(({ ip }) => ip);
  const vip = benchService(services - 1).clusterIPs.IPv4 ?? '';
  using path = createDataPath(endpoints);
  enterNamespace(path.node);
  const ended = new AbortController();
  const programmedMs = await program(mode, services, ended.signal);
  const server = await traffic.serve(path.pods, POD_PORT);
  try {
    const figures = await measure(traffic, path.client, {
      service: { addresses: [vip], port: SERVICE_PORT },
      direct: { addresses: endpoints, port: POD_PORT },
      plain: { addresses: path.plainAddresses, port: POD_PORT },
    });
    const losses = conntrackLosses();
    if (losses > 0) throw new Error(`connection tracking lost ${losses} packets: the figures mean nothing`);
    return describeCase(mode, services, programmedMs, figures);
  } finally {
    await server.stop();
    ended.abort();
  }
}

/** Programs the calling thread's namespace, and leaves it programmed. */
async function program(mode: string, services: number, signal: AbortSignal): Promise<number> {
  const runner = startToolRunner();
  try {
    const proxy = createProxy(await startBackend(mode, runner, signal));
    for (let index = 0; index < services; index++) {
      proxy.tracker.upsertService(benchService(index));
      proxy.tracker.upsertSlice(benchSlice(index, index === services - 1 ? ENDPOINTS : 1, false));
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

type PathName = 'service' | 'direct' | 'plain';
const PATH_NAMES: readonly PathName[] = ['service', 'direct', 'plain'];

async function measure(
  traffic: Traffic,
  client: NetworkNamespace,
  targets: Readonly<Record<PathName, Target>>,
): Promise<Readonly<Record<PathName, Figures>>> {
  const order = PATH_NAMES.map((name) => targets[name]);
  const rates: (readonly TrafficOutcome[])[] = [];
  const latencies: (readonly TrafficOutcome[])[] = [];
  await traffic.connect(client, order, LATENCY);
  for (let turn = 0; turn < options.rounds; turn++) {
    rates.push(await traffic.connect(client, order, RATE));
    latencies.push(await traffic.connect(client, order, LATENCY));
  }
  const figuresOf = (name: PathName): Figures => {
    const of = (outcomes: readonly (readonly TrafficOutcome[])[]) =>
      outcomes.flatMap((paths) => paths[PATH_NAMES.indexOf(name)] ?? []);
    const connPerSecOfTurns = of(rates).flatMap(({ turns }) =>
      turns.map(({ answered, seconds }) => answered / seconds),
    );
    return {
      connPerSec: median(connPerSecOfTurns),
      connPerSecOfTurns,
      p50Ms: median(of(latencies).map(({ p50Ns }) => p50Ns)) / 1e6,
      p99Ms: median(of(latencies).map(({ p99Ns }) => p99Ns)) / 1e6,
    };
  };
  return { service: figuresOf('service'), direct: figuresOf('direct'), plain: figuresOf('plain') };
}

function describeCase(
  mode: string,
  services: number,
  programmedMs: number,
  { service, direct, plain }: Readonly<Record<PathName, Figures>>,
): Case {
  return {
    mode,
    services,
    connPerSec: round(service.connPerSec, 0),
    ratioToDirect: round(ratio(service, direct), 3),
    ratioToPlain: round(ratio(service, plain), 3),
    p50Ms: round(service.p50Ms, 3),
    p99Ms: round(service.p99Ms, 3),
    directConnPerSec: round(direct.connPerSec, 0),
    directP50Ms: round(direct.p50Ms, 3),
    directP99Ms: round(direct.p99Ms, 3),
    plainConnPerSec: round(plain.connPerSec, 0),
    plainP50Ms: round(plain.p50Ms, 3),
    plainP99Ms: round(plain.p99Ms, 3),
    programmedMs: round(programmedMs, 0),
  };
}

/** The turns of all paths follow each other closely, and what else the machine did then slowed all of them. */
function ratio(a: Figures, b: Figures): number {
  return median(a.connPerSecOfTurns.map((rate, turn) => rate / (b.connPerSecOfTurns[turn] ?? Number.NaN)));
}

function report(cases: readonly Case[]): void {
  const [first] = cases;
  if (first === undefined) return;
  const names = Object.keys(first);
  const lines = [names, ...cases.map((figures) => Object.values(figures).map(String))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines)
    process.stdout.write(`${line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(cases)}\n`);
}

await orFail(main);

/**
 * How long a sync takes, with the proxy's own classes against the real kernel, in a network namespace of its own.
 *
 *   npm run bench:sync -- --mode iptables --services 5000 --endpoints 50 [--changes 200] [--json]
 *
 * "own" figures are processor time of the main thread: without waiting for an external tool, and without the time in
 * which the tool has the processor.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Command, InvalidArgumentError, Option } from 'commander';
import { findMode } from '../src/cli/modes.ts';
import { readSettings } from '../src/cli/settings-input.ts';
import { CLONE_NEWNET, unshare } from '../src/kernel/ffi.ts';
import { KernelError } from '../src/kernel/kernel-error.ts';
import { startToolRunner, type ToolRunner } from '../src/kernel/tool-runner.ts';
import { silentLogger } from '../src/log/logger.ts';
import { FamilyProxy } from '../src/proxy/family-proxy.ts';
import { ServiceTracker } from '../src/services/service-tracker.ts';
import { benchService, benchSlice, NODE_VIEW } from './objects.ts';
import { chooseVariant } from './variant.ts';

interface Options {
  readonly mode: string;
  readonly services: number;
  readonly endpoints: number;
  readonly changes: number;
  readonly changeSeconds: number;
  readonly tools: 'legacy' | 'nf_tables' | 'default';
  readonly json: boolean;
}

interface Timing {
  readonly totalMs: number;
  readonly ownMs: number;
}

const positive = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('not a positive whole number');
  return number;
};

const options = new Command('bench:sync')
  .option('--mode <mode>', 'proxy mode', 'iptables')
  .option('--services <n>', 'Services', positive, 1000)
  .option('--endpoints <n>', 'endpoints of each Service', positive, 10)
  .option('--changes <n>', 'single changes of each kind at most', positive, 200)
  .option('--change-seconds <n>', 'time for single changes of each kind at most', positive, 60)
  .addOption(
    new Option('--tools <variant>', 'iptables tools; legacy ones load large tables many times faster')
      .choices(['legacy', 'nf_tables', 'default'])
      .default('legacy'),
  )
  .option('--json', 'one JSON object on the last line', false)
  .parse()
  .opts<Options>();

const STALL_RESOLUTION_MS = 50;

const signal = new AbortController().signal;

function progress(message: string): void {
  process.stderr.write(`${message}\n`);
}

async function main(): Promise<void> {
  unshare(CLONE_NEWNET);
  using variant = chooseVariant(options.tools);
  const runner = startToolRunner();
  const { services, endpoints } = options;
  progress(`${services} Services × ${endpoints} endpoints, mode ${options.mode}, ${variant.name} tools`);

  let proxy = await createProxy(runner);
  fill(proxy.tracker);
  progress('first sync …');
  const first = await timedWithStalls(proxy);
  progress(`first sync ${Math.round(first.totalMs)} ms, own ${Math.round(first.ownMs)} ms`);

  const most = Math.min(options.changes, services);
  const endpointChanges = await changes('endpoint changed', most, proxy, (index) =>
    changeEndpoint(proxy, index),
  );
  const additions = await changes('Service added', most, proxy, (index) =>
    addService(proxy, services + index),
  );
  const removals = await changes('Service removed', additions.length, proxy, (index) =>
    removeService(proxy, services + index),
  );

  const rssMb = process.memoryUsage.rss() / 2 ** 20;

  progress('restart: the rules are there already …');
  proxy = await createProxy(runner);
  fill(proxy.tracker, endpointChanges.length);
  const restart = await timedWithStalls(proxy);
  runner.close();

  report({
    mode: options.mode,
    tools: variant.name,
    services,
    endpoints,
    firstSyncMs: round(first.totalMs),
    ownFirstSyncMs: round(first.ownMs),
    restartSyncMs: round(restart.totalMs),
    ownRestartSyncMs: round(restart.ownMs),
    changes: endpointChanges.length,
    ...percentiles('change', endpointChanges),
    ...percentiles('addService', additions),
    ...percentiles('removeService', removals),
    rssMb: round(rssMb),
    maxLoopStallMs: round(Math.max(first.maxStallMs, restart.maxStallMs)),
  });
}

async function createProxy(runner: ToolRunner): Promise<FamilyProxy<unknown, unknown, unknown>> {
  const { settings } = await readSettings({ 'proxy-mode': options.mode });
  const backend = await findMode(settings.mode).start(settings, 'IPv4', runner, silentLogger, signal);
  if (backend instanceof KernelError) throw backend;
  return new FamilyProxy({
    backend,
    tracker: new ServiceTracker({ family: 'IPv4', nodeName: NODE_VIEW.name, startedAtMs: Date.now() }),
    nodeView: () => NODE_VIEW,
    logger: silentLogger,
  });
}

/** @param changed the first so many Services have had an endpoint changed */
function fill(tracker: ServiceTracker, changed = 0): void {
  for (let index = 0; index < options.services; index++) {
    tracker.upsertService(benchService(index));
    tracker.upsertSlice(benchSlice(index, options.endpoints, index < changed));
  }
}

function changeEndpoint({ tracker }: { readonly tracker: ServiceTracker }, index: number): void {
  tracker.upsertSlice(benchSlice(index, options.endpoints, true));
}

function addService({ tracker }: { readonly tracker: ServiceTracker }, index: number): void {
  tracker.upsertService(benchService(index));
  tracker.upsertSlice(benchSlice(index, options.endpoints, false));
}

function removeService({ tracker }: { readonly tracker: ServiceTracker }, index: number): void {
  const { namespace, name } = benchService(index);
  const slice = benchSlice(index, 0, false);
  tracker.removeService(namespace, name);
  tracker.removeSlice(slice.namespace, slice.name);
}

async function timed(proxy: FamilyProxy<unknown, unknown, unknown>): Promise<Timing> {
  const startedMs = performance.now();
  const before = process.threadCpuUsage();
  const result = await proxy.sync(signal);
  const { user, system } = process.threadCpuUsage(before);
  const totalMs = performance.now() - startedMs;
  if (!result.ok) throw result.error;
  return { totalMs, ownMs: (user + system) / 1000 };
}

/** Looking for stalls is work too, and would count: so only where it is little beside the rest. */
async function timedWithStalls(proxy: FamilyProxy<unknown, unknown, unknown>) {
  const delays = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  delays.enable();
  const timing = await timed(proxy);
  delays.disable();
  // A delay is the time from one look to the next.
  return { ...timing, maxStallMs: delays.max / 1e6 - STALL_RESOLUTION_MS };
}

async function changes(
  what: string,
  most: number,
  proxy: FamilyProxy<unknown, unknown, unknown>,
  change: (index: number) => void,
): Promise<readonly Timing[]> {
  const timings: Timing[] = [];
  const endMs = performance.now() + options.changeSeconds * 1000;
  while (timings.length < most && (timings.length < 2 || performance.now() < endMs)) {
    change(timings.length);
    timings.push(await timed(proxy));
  }
  const { p50, p99 } = quantiles(timings.map((timing) => timing.totalMs));
  progress(`${what} × ${timings.length}: p50 ${round(p50)} ms, p99 ${round(p99)} ms`);
  return timings;
}

function percentiles(prefix: string, timings: readonly Timing[]): Record<string, number> {
  const total = quantiles(timings.map((timing) => timing.totalMs));
  const own = quantiles(timings.map((timing) => timing.ownMs));
  const ownPrefix = `own${prefix.charAt(0).toUpperCase()}${prefix.slice(1)}`;
  return {
    [`${prefix}P50Ms`]: round(total.p50),
    [`${prefix}P99Ms`]: round(total.p99),
    [`${ownPrefix}P50Ms`]: round(own.p50),
    [`${ownPrefix}P99Ms`]: round(own.p99),
  };
}

function quantiles(values: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (fraction: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function report(figures: Readonly<Record<string, string | number>>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures))
    process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

await main();

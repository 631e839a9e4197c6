/**
 * How long a sync takes, with the proxy's own classes against the real kernel, in a network namespace of its own.
 *
 *   npm run bench:sync -- --mode iptables --services 5000 --endpoints 50 [--changes 200] [--json]
 *
 * Times run from the event to the kernel's answer. "own" figures are processor time of the main thread: without waiting
 * for an external tool, and without the time in which the tool has the processor. Messages and bytes are what a mode
 * that speaks netlink has sent; figures of changes are medians. "idle" is what a proxy costs that has nothing to do.
 *
 * Where this kernel has no IPVS, the ipvs mode is measured in the guest (bench/guest.ts).
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { Command } from 'commander';
import { orFail } from 'menwei/setup/failure.ts';
import * as v from 'valibot';
import { quantile, round } from './figures.ts';
import { enterGuest, guestOption } from './guest.ts';
import { MeasuredRunner, measureIdle } from './idle.ts';
import { measureNft } from './nft-script.ts';
import { natural, positive, progress, toolsOption } from './options.ts';
import { createProxy, openBenchRelays, sentBy, startBackend } from './proxy.ts';
import { describeSent, describeTimings, type Timed, type Timing, timed, timedWithStalls } from './timing.ts';
import { chooseVariant } from './variant.ts';
import {
  type Event,
  endpointAdded,
  endpointChanged,
  endpointRemoved,
  fill,
  type Size,
  serviceAdded,
  serviceRemoved,
} from './workload.ts';

interface Options extends Size {
  readonly mode: string;
  readonly changes: number;
  readonly changeSeconds: number;
  readonly idlePeriods: number;
  readonly tools: 'legacy' | 'nf_tables' | 'default';
  readonly guest: boolean;
  readonly json: boolean;
}

const options = new Command('bench:sync')
  .option('--mode <mode>', 'proxy mode', 'iptables')
  .option('--services <n>', 'Services', positive, 1000)
  .option('--endpoints <n>', 'endpoints of each Service', positive, 10)
  .option('--changes <n>', 'single changes of each kind at most', positive, 200)
  .option('--change-seconds <n>', 'time for single changes of each kind at most', positive, 60)
  .option('--idle-periods <n>', 'sync periods (30 s) of doing nothing that are measured', natural, 2)
  .addOption(toolsOption())
  .addOption(guestOption())
  .option('--json', 'one JSON object on the last line', false)
  .parse()
  .opts<Options>();

const signal = new AbortController().signal;

async function main(): Promise<void> {
  enterGuest([options.mode], options.guest);
  unshare(CLONE_NEWNET);
  // Where there is no local address at all, IPVS takes every address for a broadcast one.
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  using variant = chooseVariant(options.tools);
  const runner = new MeasuredRunner(startToolRunner());
  try {
    const tools = options.mode === 'nftables' ? 'none' : variant.name;
    report({ mode: options.mode, tools, ...(await measure(runner)) });
  } finally {
    runner.close();
  }
}

async function measure(runner: MeasuredRunner): Promise<Record<string, number>> {
  const { services, endpoints } = options;
  progress(`${services} Services × ${endpoints} endpoints, mode ${options.mode}`);
  const backend = await startBackend(options.mode, runner, await openBenchRelays(options.mode), signal);
  const proxy = createProxy(backend);
  const subject = { proxy, sent: () => sentBy(backend) };
  fill(proxy.state.objects, options);
  progress('first sync …');
  const first = await timedWithStalls(subject, signal);
  progress(`first sync ${round(first.totalMs)} ms, own ${round(first.ownMs)} ms`);

  const most = Math.min(options.changes, services);
  const changed = await changes(subject, 'endpoint changed', most, endpointChanged);
  const removed = await changes(subject, 'endpoint removed', changed.length, endpointRemoved);
  const added = await changes(subject, 'endpoint added', removed.length, endpointAdded);
  const addedServices = await changes(subject, 'Service added', most, serviceAdded);
  const removedServices = await changes(subject, 'Service removed', addedServices.length, serviceRemoved);
  const rssMb = process.memoryUsage.rss() / 2 ** 20;
  const peakRssMb = process.resourceUsage().maxRSS / 2 ** 10;

  const idle = options.idlePeriods === 0 ? {} : await measureIdle(proxy, runner, options.idlePeriods);

  progress('repair: everything is compared with the kernel …');
  proxy.forgetKernel();
  const repair = await timedWithStalls(subject, signal);

  progress('restart: a new process, the rules are there already …');
  const restart = await restarted(changed.length);
  return {
    services,
    endpoints,
    firstSyncMs: round(first.totalMs),
    ownFirstSyncMs: round(first.ownMs),
    ...describeSent('firstSync', [first]),
    restartSyncMs: round(restart.totalMs),
    ownRestartSyncMs: round(restart.ownMs),
    ...describeSent('restartSync', [restart]),
    repairSyncMs: round(repair.totalMs),
    ownRepairSyncMs: round(repair.ownMs),
    changes: changed.length,
    ...describeTimings('change', changed),
    ...describeTimings('removeEndpoint', removed),
    ...describeTimings('addEndpoint', added),
    ...describeTimings('addService', addedServices),
    ...describeTimings('removeService', removedServices),
    ...idle,
    rssMb: round(rssMb),
    peakRssMb: round(peakRssMb),
    rssAfterRestartMb: round(restart.rssMb),
    firstSyncStallMs: round(first.maxStallMs),
    restartStallMs: round(restart.maxStallMs),
    repairStallMs: round(repair.maxStallMs),
    ...(await measureNft(backend, options, signal)),
  };
}

async function changes(
  subject: Timed,
  what: string,
  most: number,
  prepare: (index: number, size: Size) => Event,
): Promise<readonly Timing[]> {
  const timings: Timing[] = [];
  const endMs = performance.now() + options.changeSeconds * 1000;
  while (timings.length < most && (timings.length < 2 || performance.now() < endMs)) {
    const event = prepare(timings.length, options);
    timings.push(await timed(subject, () => event(subject.proxy.state.objects), signal));
  }
  const totalMs = timings.map((timing) => timing.totalMs);
  const [p50, p99] = [quantile(totalMs, 0.5), quantile(totalMs, 0.99)];
  progress(`${what} × ${timings.length}: p50 ${round(p50, 2)} ms, p99 ${round(p99, 2)} ms`);
  return timings;
}

const RestartSchema = v.object({
  totalMs: v.number(),
  ownMs: v.number(),
  sent: v.optional(v.object({ messages: v.number(), bytes: v.number() })),
  maxStallMs: v.number(),
  rssMb: v.number(),
});

/** @param changed so many Services have had an endpoint changed */
async function restarted(changed: number) {
  const { mode, services, endpoints } = options;
  const child = fork(
    new URL('./restart.ts', import.meta.url),
    [mode, services, endpoints, changed].map(String),
  );
  const answer = once(child, 'message');
  const ended = once(child, 'exit');
  await Promise.race([answer, ended.then(() => Promise.reject(new Error('the restarted proxy failed')))]);
  await ended;
  const [message]: unknown[] = await answer;
  const { sent, ...timing } = v.parse(RestartSchema, message);
  return { ...timing, sent };
}

function report(figures: Readonly<Record<string, string | number>>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures))
    process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

await orFail(main);

/**
 * What one change of an endpoint costs where endpoints have weights, with ten times the Services and ten times the
 * endpoints beside it, with the proxy's own classes against the real kernel, in a network namespace of its own.
 *
 *   npm run bench:weights -- [--mode nftables] [--services 500] [--endpoints 10] [--changes 100]
 *
 * Figures are the mean processor time of the main thread, since kernels count that in ticks, and the median of what was sent
 * to the kernel. The ratios are those to the first
 * line of the same kind.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { Command } from 'commander';
import { DEFAULT_BALANCING, type EndpointSlice } from 'menwei/kubernetes/objects.ts';
import { orFail } from 'menwei/setup/failure.ts';
import { median, round } from './figures.ts';
import { enterGuest, guestOption } from './guest.ts';
import { benchService, benchSlice } from './objects.ts';
import { positive, progress } from './options.ts';
import { createProxy, openBenchRelays, sentBy, startBackend } from './proxy.ts';
import { type Timed, type Timing, timed } from './timing.ts';

interface Options {
  readonly mode: string;
  readonly services: number;
  readonly endpoints: number;
  readonly changes: number;
  readonly guest: boolean;
}

const options = new Command('bench:weights')
  .option('--mode <mode>', 'proxy mode: nftables, userspace or ipvs', 'nftables')
  .option('--services <n>', 'Services', positive, 500)
  .option('--endpoints <n>', 'endpoints of each Service', positive, 10)
  .option('--changes <n>', 'single changes of each kind', positive, 100)
  .addOption(guestOption())
  .parse()
  .opts<Options>();

const signal = new AbortController().signal;
const KINDS = ['plain', 'weights', 'slow start'] as const;
type Kind = (typeof KINDS)[number];

/** A tenth of it is a step. */
const SLOW_START_MS = 1_000;
/** More than that, so that each look finds a step. */
const STEP_MS = 105;

interface Size {
  readonly kind: Kind;
  readonly services: number;
  readonly endpoints: number;
}

type Costs = Readonly<Record<string, { readonly ownMs: number; readonly bytes: number }>>;

async function main(): Promise<void> {
  enterGuest([options.mode], options.guest);
  unshare(CLONE_NEWNET);
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const { services, endpoints } = options;
  for (const kind of KINDS) {
    const first = await measure({ kind, services, endpoints });
    tell({ kind, services, endpoints }, first, first);
    for (const size of [
      { kind, services: 10 * services, endpoints },
      { kind, services, endpoints: 10 * endpoints },
    ]) {
      tell(size, await measure(size), first);
    }
  }
}

async function measure(size: Size): Promise<Costs> {
  const { services, endpoints, kind } = size;
  progress(`${kind}: ${services} Services × ${endpoints} endpoints …`);
  const runner = startToolRunner();
  const relays = await openBenchRelays(options.mode);
  const backend = await startBackend(options.mode, runner, relays, signal);
  const proxy = createProxy(backend);
  const subject = { proxy, sent: () => sentBy(backend) };
  const { objects } = proxy.state;
  const balancing =
    kind === 'slow start' ? { ...DEFAULT_BALANCING, slowStartMs: SLOW_START_MS } : DEFAULT_BALANCING;
  for (let index = 0; index < services; index++) {
    objects.put({ ...benchService(index), balancing });
    objects.put(sliceOf(index, size));
  }
  await proxy.sync(signal);
  const put = (slice: EndpointSlice) => timed(subject, () => objects.put(slice), signal);
  const changes: Record<string, Timing[]> = { removed: [], added: [], 'weight changed': [], step: [] };
  for (let count = 0; count < options.changes; count++) {
    const index = count % services;
    const whole = sliceOf(index, size);
    changes.removed?.push(await put(withoutOne(whole)));
    changes.added?.push(await put(whole));
    if (kind !== 'plain') changes['weight changed']?.push(await put(withOtherWeight(whole)));
  }
  if (kind === 'slow start') changes.step?.push(...(await steps(subject, sliceOf(services - 1, size))));
  await backend.cleanup(signal);
  proxy.close();
  await relays?.close(0);
  runner.close();
  return Object.fromEntries(
    Object.entries(changes).flatMap(([what, timings]) =>
      timings.length === 0 ? [] : [[what, costOf(timings)] as const],
    ),
  );
}

/** All that were begun before are over; then one begins, and takes its steps. */
async function steps(subject: Timed, whole: EndpointSlice): Promise<readonly Timing[]> {
  const { proxy } = subject;
  await setTimeout(SLOW_START_MS + STEP_MS);
  await proxy.sync(signal);
  for (const slice of [withoutOne(whole), whole]) {
    proxy.state.objects.put(slice);
    await proxy.sync(signal);
  }
  const timings: Timing[] = [];
  for (let step = 0; step < 8; step++) {
    await setTimeout(step === 0 ? 2 * STEP_MS : STEP_MS);
    timings.push(await timed(subject, () => undefined, signal));
  }
  return timings;
}

function sliceOf(index: number, { kind, endpoints }: Size): EndpointSlice {
  const slice = benchSlice(index, endpoints, false);
  if (kind === 'plain') return slice;
  return {
    ...slice,
    endpoints: slice.endpoints.map((endpoint, number) => ({ ...endpoint, weight: 1 + (number % 5) })),
  };
}

function withoutOne(slice: EndpointSlice): EndpointSlice {
  return { ...slice, endpoints: slice.endpoints.toSpliced(2, 1) };
}

function withOtherWeight(slice: EndpointSlice): EndpointSlice {
  return {
    ...slice,
    endpoints: slice.endpoints.map((endpoint, number) =>
      number === 2 ? { ...endpoint, weight: 4 } : endpoint,
    ),
  };
}

function costOf(timings: readonly Timing[]) {
  return {
    ownMs: timings.reduce((sum, { ownMs }) => sum + ownMs, 0) / timings.length,
    bytes: median(timings.map(({ sent }) => sent?.bytes ?? 0)),
  };
}

function tell({ kind, services, endpoints }: Size, costs: Costs, first: Costs): void {
  for (const [what, { ownMs, bytes }] of Object.entries(costs)) {
    const base = first[what];
    const [time, sent] = [ownMs / (base?.ownMs ?? ownMs), bytes / (base?.bytes || 1)];
    const figures = `${round(ownMs, 2)} ms (× ${round(time)})  ${bytes} bytes (× ${round(sent)})`;
    process.stdout.write(`${kind}, ${services} × ${endpoints}: ${what.padEnd(14)} ${figures}\n`);
  }
}

await orFail(main);

/** How long syncs take, and what they send to the kernel. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { quantile, round } from './figures.ts';
import type { BenchProxy, Sent } from './proxy.ts';

/** From the event to the kernel's answer. "own": processor time of the main thread, without waiting for a tool. */
export interface Timing {
  readonly totalMs: number;
  readonly ownMs: number;
  /** Undefined where the mode does not count. */
  readonly sent: Sent | undefined;
}

export interface Timed {
  readonly proxy: BenchProxy;
  readonly sent: () => Sent | undefined;
}

/** What holds up the event loop for less than that may be overlooked. */
const STALL_RESOLUTION_MS = 10;

/** Times an event and the sync that follows. */
export async function timed({ proxy, sent }: Timed, event: () => void, signal: AbortSignal): Promise<Timing> {
  const sentBefore = sent();
  const before = process.threadCpuUsage();
  const startedMs = performance.now();
  event();
  const result = await proxy.sync(signal);
  const totalMs = performance.now() - startedMs;
  const { user, system } = process.threadCpuUsage(before);
  if (!result.ok) throw result.error;
  for (const { error } of result.refused) throw error;
  return { totalMs, ownMs: (user + system) / 1000, sent: difference(sentBefore, sent()) };
}

function difference(before: Sent | undefined, after: Sent | undefined): Sent | undefined {
  if (before === undefined || after === undefined) return undefined;
  return { messages: after.messages - before.messages, bytes: after.bytes - before.bytes };
}

/** Looking for stalls is work too, and would count: so only where it is little beside the rest. */
export async function timedWithStalls(
  subject: Timed,
  signal: AbortSignal,
): Promise<Timing & { readonly maxStallMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  delays.enable();
  // What holds up the loop first and last is seen only if it has turned before and turns after that.
  await setTimeout(2 * STALL_RESOLUTION_MS);
  const timing = await timed(subject, () => undefined, signal);
  await setTimeout(2 * STALL_RESOLUTION_MS);
  delays.disable();
  // A delay is the time from one look to the next; a short sync sees none.
  return { ...timing, maxStallMs: Math.max(0, delays.max / 1e6 - STALL_RESOLUTION_MS) };
}

/** The figures of many like changes: `changeP50Ms`, `ownChangeP50Ms`, `changeMessages`, `changeBytes` … */
export function describeTimings(prefix: string, timings: readonly Timing[]): Record<string, number> {
  const total = timings.map(({ totalMs }) => totalMs);
  const own = timings.map(({ ownMs }) => ownMs);
  const ownPrefix = `own${prefix.charAt(0).toUpperCase()}${prefix.slice(1)}`;
  return {
    [`${prefix}P50Ms`]: round(quantile(total, 0.5), 2),
    [`${prefix}P99Ms`]: round(quantile(total, 0.99), 2),
    [`${ownPrefix}P50Ms`]: round(quantile(own, 0.5), 2),
    [`${ownPrefix}P99Ms`]: round(quantile(own, 0.99), 2),
    // Where the kernel counts processor time in ticks, only the mean says something about short changes.
    [`${ownPrefix}MeanMs`]: round(own.reduce((sum, ms) => sum + ms, 0) / own.length, 2),
    ...describeSent(prefix, timings),
  };
}

/** The median of what was sent; nothing where it was not counted. */
export function describeSent(prefix: string, timings: readonly Timing[]): Record<string, number> {
  const sent = timings.map((timing) => timing.sent).filter((counts) => counts !== undefined);
  if (sent.length === 0) return {};
  return {
    [`${prefix}Messages`]: quantile(
      sent.map(({ messages }) => messages),
      0.5,
    ),
    [`${prefix}Bytes`]: quantile(
      sent.map(({ bytes }) => bytes),
      0.5,
    ),
  };
}

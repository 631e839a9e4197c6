/** How long the event loop of the process was held up, and how much it has to do. */
import { EVENT_LOOP_BUSY, EVENT_LOOP_DELAY } from './catalogue/own.ts';
import type { Registry } from './registry.ts';

/** So rarely that an idle process stays idle. */
const SAMPLE_MS = 500;

/** Samples as long as the process lives. */
export function registerEventLoopMetrics(registry: Registry): void {
  const delay = registry.histogram(EVENT_LOOP_DELAY);
  delay.declare({});
  let dueMs = performance.now() + SAMPLE_MS;
  setInterval(() => {
    const nowMs = performance.now();
    delay.observe({}, Math.max(0, nowMs - dueMs) / 1000);
    dueMs = nowMs + SAMPLE_MS;
  }, SAMPLE_MS).unref();
  registry.collected(EVENT_LOOP_BUSY, () => [
    { labels: {}, value: performance.eventLoopUtilization().active / 1000 },
  ]);
}

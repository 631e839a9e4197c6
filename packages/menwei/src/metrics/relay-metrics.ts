/** What the relays of userspace mode do. kube-proxy has no names for it. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RelayStats } from '../relay/pool.ts';

const COUNTERS = [
  ['connections', 'TCP connections and UDP flows that got to an endpoint'],
  ['attempts', 'Endpoints that were tried for these'],
  ['failedAttempts', 'Attempts that an endpoint refused or left without answer'],
  ['unserved', 'Connections for which no endpoint answered'],
  ['withoutDescriptor', 'Connections refused because file descriptors had run out'],
  ['idle', 'UDP flows that were over, and TCP connections ended because nothing went over them'],
  ['stalled', 'Connections ended because somebody did not read, or half of them had ended'],
  ['drained', 'Connections ended because their endpoint was gone for too long'],
  ['evicted', 'UDP flows ended to make room for others'],
  ['lostListeners', 'Listeners that failed and were opened again'],
] as const;

const GAUGES = [
  ['openConnections', 'TCP connections that are open'],
  ['openFlows', 'UDP flows that are open'],
  ['threads', 'Threads that forward'],
] as const;

/** `menwei_relay_failed_attempts_total`, `menwei_relay_open_connections` …; asked for when somebody reads the metrics. */
export function registerRelayMetrics(registry: Registry, stats: () => RelayStats): void {
  for (const [field, help] of COUNTERS) {
    new Counter({
      name: `menwei_relay_${snakeCase(field)}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(stats()[field]);
      },
    });
  }
  for (const [field, help] of GAUGES) {
    new Gauge({
      name: `menwei_relay_${snakeCase(field)}`,
      help,
      registers: [registry],
      collect() {
        this.set(stats()[field]);
      },
    });
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

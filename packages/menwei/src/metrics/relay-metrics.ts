/** What the relays of userspace mode do. kube-proxy has no names for it. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { RelayStats } from '../relay/pool.ts';

const COUNTERS = [
  ['connections', 'TCP connections and UDP flows that reached an endpoint'],
  ['attempts', 'Connection attempts to endpoints'],
  ['failedAttempts', 'Connection attempts that an endpoint refused or did not answer'],
  ['unserved', 'Connections for which no endpoint answered'],
  ['withoutDescriptor', 'Connections refused because there was no file descriptor left'],
  ['idle', 'UDP flows that ended, and TCP connections closed by the idle timeout'],
  [
    'stalled',
    'TCP connections closed because they were half closed, or their receiver did not read, for too long',
  ],
  ['drained', 'Connections closed by the drain timeout of a removed endpoint'],
  ['evicted', 'UDP flows ended to make room for others'],
  ['lostListeners', 'Listeners that failed and were reopened'],
] as const;

const GAUGES = [
  ['openConnections', 'Open TCP connections'],
  ['openFlows', 'Open UDP flows'],
  ['threads', 'Threads of the userspace proxy'],
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

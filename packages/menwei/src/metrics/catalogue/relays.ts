/** Metrics of the userspace proxy, over all Services. */
import { type CounterDefinition, counter, type GaugeDefinition, gauge } from '../definition.ts';

const MODES = { modes: ['userspace'] } as const;

/** By what is counted, see RelaySums. */
export const RELAY_COUNTERS = [
  ['connections', total('connections', 'TCP connections and UDP flows that reached an endpoint.')],
  ['attempts', total('attempts', 'Connection attempts to endpoints.')],
  [
    'failedAttempts',
    total('failed_attempts', 'Connection attempts that an endpoint refused or did not answer.'),
  ],
  ['unserved', total('unserved', 'Connections for which no endpoint answered.')],
  [
    'withoutDescriptor',
    total('without_descriptor', 'Connections refused because there was no file descriptor left.'),
  ],
  ['idle', total('idle', 'UDP flows that ended, and TCP connections closed by the idle timeout.')],
  [
    'stalled',
    total(
      'stalled',
      'TCP connections closed because they were half closed, or their receiver did not read, for too long.',
    ),
  ],
  ['drained', total('drained', 'Connections closed by the drain timeout of a removed endpoint.')],
  ['down', total('down', 'Connections reset since checks have found their endpoint down (on-down=reset).')],
  ['evicted', total('evicted', 'UDP flows ended to make room for others.')],
  ['lostListeners', total('lost_listeners', 'Listeners that failed and were reopened.')],
] as const;

export const RELAY_GAUGES = [
  ['openConnections', current('open_connections', 'Open TCP connections.')],
  ['openFlows', current('open_flows', 'Open UDP flows.')],
  ['threads', current('threads', 'Threads of the userspace proxy.')],
] as const;

function total(name: string, help: string): CounterDefinition<never> {
  return counter(`menwei_relay_${name}_total`, { ...MODES, help });
}

function current(name: string, help: string): GaugeDefinition<never> {
  return gauge(`menwei_relay_${name}`, { ...MODES, help });
}

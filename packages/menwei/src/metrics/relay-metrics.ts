/** What the relays of userspace mode do. */
import type { RelayStats } from '../relay/pool.ts';
import { RELAY_COUNTERS, RELAY_GAUGES } from './catalogue/relays.ts';
import type { Registry } from './registry.ts';

/** Asked for when somebody reads the metrics. */
export function registerRelayMetrics(registry: Registry, stats: () => RelayStats): void {
  for (const [field, definition] of [...RELAY_COUNTERS, ...RELAY_GAUGES]) {
    registry.collected(definition, () => [{ labels: {}, value: stats()[field] }]);
  }
}

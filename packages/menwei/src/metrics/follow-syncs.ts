/** The metrics of syncs: a reader of what each of them did. */
import type { FamilyTables } from '../state/family-tables.ts';
import type { ProxyMetrics } from './proxy-metrics.ts';

/** Observes every sync of a family from now on; returns what ends that. */
export function followSyncs(
  { family, syncs }: Pick<FamilyTables, 'family' | 'syncs'>,
  metrics: Pick<ProxyMetrics, 'observeSync' | 'observeNetworkProgramming'>,
): () => void {
  const reader = syncs.reader(() => {
    for (const { after } of reader.take()) {
      if (after === undefined) continue;
      const { seconds, endedAtMs, triggerTimesMs } = after;
      metrics.observeSync(family, seconds);
      for (const triggerMs of triggerTimesMs) {
        metrics.observeNetworkProgramming(family, Math.max(0, endedAtMs - triggerMs) / 1000);
      }
    }
  });
  reader.take();
  return () => reader.close();
}

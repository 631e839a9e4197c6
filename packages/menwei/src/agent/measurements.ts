/** The metrics of the proxy, and whom they ask. */
import { KernelError } from '@menwei/netlink';
import { observeAccountingObject } from '@menwei/netlink/nfacct';
import { observeGates } from '../config/feature-gates.ts';
import type { Settings } from '../config/settings.ts';
import { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import type { Syncable } from '../proxy/syncable.ts';
import { BUILD } from '../setup/version.ts';
import type { ComponentStates } from './component.ts';
import type { CurrentRelays } from './current-relays.ts';

interface Measured {
  readonly relays: CurrentRelays | undefined;
  readonly states: ComponentStates;
}

export function createMetrics(settings: Settings, { relays, states }: Measured): ProxyMetrics {
  const { mode, reportedVersion, givenGates } = settings;
  return new ProxyMetrics({
    mode,
    build: { ...BUILD, version: reportedVersion || BUILD.version },
    gates: observeGates(givenGates),
    relays: relays && (() => relays.current.stats()),
    components: () => states.all(),
    accountedPackets,
  });
}

/** What can't be read has no value. */
function accountedPackets(name: string): number | undefined {
  try {
    return observeAccountingObject(name)?.packets;
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

/** How long a scrape waits for the kernel. */
const PATIENCE_MS = 5_000;

/** What can't be read now has no value. */
export async function observeTraffic(proxy: Syncable): ReturnType<Syncable['observeTraffic']> {
  try {
    return await proxy.observeTraffic(AbortSignal.timeout(PATIENCE_MS));
  } catch (error) {
    if (error instanceof KernelError || isTimeout(error)) return undefined;
    throw error;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/** The metrics of the proxy, and whom they ask. */
import { KernelError } from '@menwei/netlink';
import { observeAccountingObject } from '@menwei/netlink/nfacct';
import type { Settings } from '../config/settings.ts';
import { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import { VERSION } from '../setup/version.ts';
import type { ComponentStates } from './component.ts';
import type { CurrentRelays } from './current-relays.ts';

interface Measured {
  readonly relays: CurrentRelays | undefined;
  readonly states: ComponentStates;
}

export function createMetrics({ mode }: Settings, { relays, states }: Measured): ProxyMetrics {
  return new ProxyMetrics({
    mode,
    version: VERSION,
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

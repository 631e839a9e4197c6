/** Announcing load-balancer addresses in the process of the proxy. Loaded only by a start that announces: it is a lot of code. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { OwnProxy } from '../announce/programmed.ts';
import type { AnnounceSettings, Settings } from '../config/settings.ts';
import type { EventRecorder } from '../events/event.ts';
import type { Logger } from '../log/logger.ts';
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import type { State } from '../state/state.ts';
import { Announcing, LEASE_LIMITS } from './announcing.ts';
import type { ProxyEnvironment } from './environment.ts';
import { proxyName } from './family-components.ts';

interface AnnouncingProxy {
  readonly settings: Pick<Settings, 'nodeName' | 'manifests'>;
  readonly environment: Pick<ProxyEnvironment, 'lbConfig' | 'openClient'>;
  readonly state: State;
  readonly served: readonly IpFamily[];
  readonly events: EventRecorder;
  readonly metrics: ProxyMetrics;
  readonly logger: Logger;
}

export type CreateAnnouncing = (proxy: AnnouncingProxy) => Announcing;

export function announcingBy(settings: AnnounceSettings): CreateAnnouncing {
  return ({ settings: { nodeName, manifests }, environment, state, served, events, metrics, logger }) =>
    new Announcing({
      settings,
      nodeName,
      tables: state.objects,
      sources: environment.lbConfig === undefined ? 1 : 2,
      openProgrammed: (onChange) => new OwnProxy(state.families, onChange),
      openClient: manifests.length > 0 ? undefined : () => environment.openClient(LEASE_LIMITS),
      needs: served.map(proxyName),
      ...{ events, registry: metrics.registry, logger },
    });
}

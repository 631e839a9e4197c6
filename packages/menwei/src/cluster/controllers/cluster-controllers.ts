/** All controllers of `menwei cluster` (cluster § 11), as components that a supervisor runs. */
import type { Component } from '../../agent/component.ts';
import type { Logger } from '../../log/logger.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import type { ControllerContext, ControllerQueues } from './controller.ts';
import { endpointControllers } from './endpoints/endpoint-controllers.ts';
import { RegistryEventRecorder } from './event-recorder.ts';
import { eventExpiry } from './events/event-expiry.ts';
import { garbageCollector } from './garbage/garbage-collector.ts';
import { mirrorController } from './mirroring/mirror-controller.ts';
import { namespaceContents } from './namespaces/namespace-contents.ts';
import { namespaceController } from './namespaces/namespace-controller.ts';
import { nodeLivenessController } from './nodes/node-liveness-controller.ts';
import { podGarbageCollector } from './nodes/pod-garbage-controller.ts';
import type { ApiServerAddress } from './service-network/kubernetes-service.ts';
import { kubernetesServiceKeeper } from './service-network/kubernetes-service-keeper.ts';
import { serviceCidrController } from './service-network/service-cidr-controller.ts';

export interface ClusterControllersOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly logger: Logger;
  /** Milliseconds since the epoch. The process's own clock unless given. */
  readonly now?: () => number;
  /** From `--service-cluster-ip-range`, one or two, canonical; the first is the primary one. */
  readonly serviceClusterIpRanges: readonly string[];
  /** Where pods reach the API server: endpoint of the Service `kubernetes`. */
  readonly apiServer: ApiServerAddress;
  /** PEM of the cluster's CA for `kube-root-ca.crt`; empty without TLS. */
  readonly caCertificate: string;
  /** 100 unless given. */
  readonly maxEndpointsPerSlice?: number;
  /** Keep Endpoints objects, too. Yes unless given. */
  readonly legacyEndpoints?: boolean;
  /** Filled, for metrics. */
  readonly queues?: ControllerQueues;
}

const MAX_ENDPOINTS_PER_SLICE = 100;

/** They need nothing but store and registry, restart by themselves, and may start in any order. */
export function clusterControllers(options: ClusterControllersOptions): readonly Component[] {
  const { store, registry, logger, now = Date.now, queues = new Map() } = options;
  const { maxEndpointsPerSlice = MAX_ENDPOINTS_PER_SLICE, legacyEndpoints = true } = options;
  const events = new RegistryEventRecorder({ store, registry, logger, now });
  const context: ControllerContext = { store, registry, events, logger, now, queues };
  const [primaryRange] = options.serviceClusterIpRanges;
  if (primaryRange === undefined) throw new Error('BUG: there is no range of addresses for Services');
  return [
    namespaceContents(context, options.caCertificate),
    serviceCidrController(context, options.serviceClusterIpRanges),
    kubernetesServiceKeeper(context, primaryRange, options.apiServer),
    endpointControllers(context, { maxEndpointsPerSlice, legacyEndpoints }),
    mirrorController(context),
    namespaceController(context),
    garbageCollector(context),
    eventExpiry(context),
    nodeLivenessController(context),
    podGarbageCollector(context),
  ];
}

/** What else belongs to the writes of a cluster, by the resource in the store. */
import type { WriteHook } from '../allocation/write-hook.ts';
import { podTopology } from './pod-topology.ts';
import { serviceEndpoints } from './service-endpoints.ts';

/** @param services addresses and ports of Services */
export function clusterHooks(services: WriteHook): Readonly<Record<string, readonly WriteHook[]>> {
  return { pods: [podTopology], services: [services, serviceEndpoints] };
}

/** A pod's readiness changes: how long until the slice says so, and what that costs the cluster. */
import { namespaceOf } from './cluster-objects.ts';
import type { ClusterProcess } from './cluster-process.ts';
import { median, quantile } from './figures.ts';

const CHANGES = 500;
/** Until the code is compiled. */
const WARM_UP = 200;

export interface ReadinessFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the cluster for each. */
  readonly cpuMs: number;
}

/** Of the first pod of the first Service, from the request until a watcher is told of the slice. */
export async function measureReadiness(cluster: ClusterProcess): Promise<ReadinessFigures> {
  const namespace = namespaceOf(0);
  const service = encodeURIComponent('kubernetes.io/service-name=service-0');
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  let told = Promise.withResolvers<void>();
  const { client } = cluster;
  const { metadata } = await client.json(slices);
  const watch = await client.watch(
    `${slices}?watch=1&labelSelector=${service}&resourceVersion=${metadata.resourceVersion}`,
    () => told.resolve(),
  );
  const path = `/api/v1/namespaces/${namespace}/pods/service-0-0/status`;
  const took: number[] = [];
  let cpuMs = 0;
  for (let index = -WARM_UP; index < CHANGES; index++) {
    if (index === 0) cpuMs = cluster.cpuMs;
    told = Promise.withResolvers();
    const beganAt = performance.now();
    await client.merge(path, { status: { conditions: [readyCondition(index % 2 !== 0)] } });
    await told.promise;
    if (index >= 0) took.push(performance.now() - beganAt);
  }
  watch.close();
  const each = (cluster.cpuMs - cpuMs) / CHANGES;
  return { p50Ms: median(took), p99Ms: quantile(took, 0.99), cpuMs: each };
}

function readyCondition(isReady: boolean): object {
  return {
    type: 'Ready',
    status: isReady ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: new Date().toISOString(),
  };
}

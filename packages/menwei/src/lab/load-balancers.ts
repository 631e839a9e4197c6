/** What became of the Services of type LoadBalancer in the cluster of a lab. */
import type { LoadBalancerStatus } from '@menwei/lab/residence.ts';
import type { StoredKinds } from '../cluster/kinds/stored-kinds.ts';
import type { StoreView } from '../cluster/store/store.ts';
import { objectOf } from '../cluster/store/stored-object.ts';
import { READY_CONDITION } from '../loadbalancer/wanted-status.ts';

type Service = StoredKinds['services'];

export function loadBalancersOf(store: StoreView): readonly LoadBalancerStatus[] {
  return Array.from(store.list('services'), (stored) => objectOf('services', stored))
    .filter(({ spec }) => spec?.type === 'LoadBalancer')
    .map(statusOf);
}

function statusOf({ metadata, status }: Service): LoadBalancerStatus {
  const condition = status?.conditions?.find(({ type }) => type === READY_CONDITION);
  const ingress = status?.loadBalancer?.ingress ?? [];
  return {
    service: `${metadata.namespace}/${metadata.name}`,
    addresses: ingress.map(({ ip, hostname }) => ip ?? hostname ?? ''),
    isReady: condition?.status === 'True',
    reason: condition?.reason ?? '',
    message: condition?.message ?? '',
  };
}

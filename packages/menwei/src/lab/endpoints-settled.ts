/** Whether the controllers of a cluster have made the EndpointSlices of all Services out of the pods there are. */
import { isReady } from '../cluster/kinds/conditions.ts';
import type { StoredKinds } from '../cluster/kinds/stored-kinds.ts';
import type { StoreView } from '../cluster/store/store.ts';
import { objectOf } from '../cluster/store/stored-object.ts';

type Service = StoredKinds['services'];
type Pod = StoredKinds['pods'];

/** Services whose slices name other pods than they select, or say otherwise who is ready: `default/web`. */
export function unsettledServices(store: StoreView): readonly string[] {
  const services = Array.from(store.list('services'), (stored) => objectOf('services', stored));
  return services
    .filter((service) => isSelecting(service) && !isSettled(store, service))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

function isSelecting({ spec }: Service): boolean {
  return spec?.type !== 'ExternalName' && Object.keys(spec?.selector ?? {}).length > 0;
}

function isSettled(store: StoreView, { metadata, spec }: Service): boolean {
  const { namespace = '', name = '' } = metadata;
  const selector = Object.entries(spec?.selector ?? {});
  const slices = Array.from(store.listBy('endpointslices', 'serviceName', `${namespace}/${name}`), (stored) =>
    objectOf('endpointslices', stored),
  );
  if (slices.length === 0) return false;
  const found = slices.flatMap(({ endpoints }) =>
    (endpoints ?? []).map(({ targetRef, conditions }) => `${targetRef?.uid} ${conditions?.serving === true}`),
  );
  const wanted = Array.from(store.list('pods', namespace), (stored) => objectOf('pods', stored))
    .filter(
      (pod) =>
        pod.status?.podIP !== undefined && selector.every(([key, value]) => labelOf(pod, key) === value),
    )
    .map((pod) => `${pod.metadata.uid} ${isReady(pod.status)}`);
  return isSameSet(found, wanted);
}

function labelOf({ metadata }: Pod, key: string): string | undefined {
  const { labels = {} } = metadata;
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const [first, second] = [new Set(one), new Set(other)];
  return first.size === second.size && [...first].every((entry) => second.has(entry));
}

/** What the Endpoints object of a Service should be (cluster § 11.2). */
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import {
  countAddresses,
  type EndpointSubset,
  subsetsText,
  truncateSubsets,
  wantedSubsets,
} from './endpoint-subsets.ts';
import { labelsText } from './labels.ts';
import {
  ENDPOINTS_MANAGED_BY_LABEL,
  ENDPOINTS_MANAGER,
  HEADLESS_LABEL,
  OVER_CAPACITY_ANNOTATION,
} from './names.ts';
import type { PodFacts } from './pod-facts.ts';
import type { ServiceFacts } from './service-facts.ts';
import { withTriggerTime } from './trigger-times.ts';

export type Endpoints = StoredKinds['endpoints'];

const MAX_ADDRESSES = 1000;

/**
 * @param existing undefined: there is none
 * @param since when the change happened on which it shows; undefined if nothing tells
 * @returns undefined: nothing is to be written
 */
export function planEndpoints(
  service: ServiceFacts,
  pods: Iterable<PodFacts>,
  existing: Endpoints | undefined,
  since: string | undefined,
): Endpoints | undefined {
  const all = wantedSubsets(service, pods);
  const isOverCapacity = countAddresses(all) > MAX_ADDRESSES;
  const subsets = isOverCapacity ? truncateSubsets(all, MAX_ADDRESSES) : all;
  const labels = labelsOf(service);
  if (existing !== undefined && isEqual(existing, subsets, labels, isOverCapacity)) return undefined;
  const { namespace, name } = service;
  const { [OVER_CAPACITY_ANNOTATION]: _, ...annotations } = existing?.metadata.annotations ?? {};
  const capacity = isOverCapacity ? { [OVER_CAPACITY_ANNOTATION]: 'truncated' } : {};
  const endpoints: Endpoints = {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: {
      ...(existing?.metadata ?? { name, namespace }),
      labels,
      annotations: { ...annotations, ...capacity },
    },
    subsets,
  };
  return withTriggerTime(endpoints, since);
}

function isEqual(
  { metadata, subsets: present }: Endpoints,
  subsets: readonly EndpointSubset[],
  labels: Readonly<Record<string, string>>,
  isOverCapacity: boolean,
): boolean {
  return (
    subsetsText(present ?? []) === subsetsText(subsets) &&
    labelsText(metadata.labels ?? {}) === labelsText(labels) &&
    Object.hasOwn(metadata.annotations ?? {}, OVER_CAPACITY_ANNOTATION) === isOverCapacity
  );
}

/** Reserved labels of the Service are kept, unlike those of its slices. */
function labelsOf({ labels, isHeadless }: ServiceFacts): Readonly<Record<string, string>> {
  const { [HEADLESS_LABEL]: _, ...own } = labels;
  return {
    ...own,
    [ENDPOINTS_MANAGED_BY_LABEL]: ENDPOINTS_MANAGER,
    ...(isHeadless ? { [HEADLESS_LABEL]: '' } : {}),
  };
}

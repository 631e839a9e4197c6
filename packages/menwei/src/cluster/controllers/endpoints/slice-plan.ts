/** What to write so that the slices of a Service in one family are as they should be (cluster § 11.1). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { portsKey } from './endpoint-ports.ts';
import { labelsText } from './labels.ts';
import { HEADLESS_LABEL, MANAGED_BY_LABEL, SERVICE_NAME_LABEL, SLICE_MANAGER } from './names.ts';
import type { PodFacts } from './pod-facts.ts';
import type { ServiceFacts } from './service-facts.ts';
import { type EndpointSlice, endpointText, type PackedSlice, packEndpoints } from './slice-packing.ts';
import { type Nodes, type SkippedPod, wantedEndpoints } from './wanted-endpoints.ts';
import { type ZoneHints, zoneHints } from './zone-hints.ts';

export interface SlicePlan {
  /** Without names. */
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  readonly skipped: readonly SkippedPod[];
  readonly family: IpFamily;
  /** There were hints for zones before. */
  readonly hadHints: boolean;
  /** Why there are no hints for zones, though the Service asks for them; undefined: there are. */
  readonly hintsDisabled: string | undefined;
}

interface SlicePlanInput {
  readonly service: ServiceFacts;
  /** Those that the Service selects. */
  readonly pods: Iterable<PodFacts>;
  readonly nodes: Nodes;
  readonly family: IpFamily;
  /** Slices of the Service and the family that the controller manages. */
  readonly existing: readonly EndpointSlice[];
  readonly capacity: number;
}

/** Reserved ones among a Service's labels are not its slices'. */
const RESERVED: readonly string[] = [SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL];

/** What is to be written; nothing where all is as it should be. */
export function planSlices(input: SlicePlanInput): SlicePlan {
  const { service, pods, nodes, family, existing, capacity } = input;
  const { groups, skipped } = wantedEndpoints(service, pods, nodes, family);
  const [own, foreign] = partition(existing, (slice) => isOwnedBy(slice, service));
  const { slices, emptied } = packEndpoints(groups, own, capacity);
  const filled = slices.length > 0 ? slices : [{ existing: undefined, ports: [], endpoints: [] }];
  const reused = reuse(filled, emptied);
  const { slices: hinted, disabled } = service.isTopologyAware
    ? withZoneHints(reused.slices, nodes, family)
    : { slices: reused.slices, disabled: undefined };
  const labels = labelsOfSlices(service);
  return {
    create: hinted.flatMap((slice) =>
      slice.existing === undefined ? [newSlice(service, family, labels, slice)] : [],
    ),
    update: hinted.flatMap(({ existing: present, ports, endpoints }) => {
      if (present === undefined) return [];
      const slice = { ...present, metadata: { ...present.metadata, labels }, ports, endpoints };
      return areSlicesEqual(present, slice) ? [] : [slice];
    }),
    remove: [...reused.emptied, ...foreign],
    skipped,
    family,
    hadHints: existing.some(({ endpoints }) => endpoints?.some(({ hints }) => hints !== undefined) === true),
    hintsDisabled: disabled,
  };
}

function isOwnedBy({ metadata }: EndpointSlice, { uid }: ServiceFacts): boolean {
  return metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) === true;
}

/** The name given to a new slice is this and something random. */
export function sliceNamePrefix(name: string): string {
  return `${name}-`;
}

/** But for annotations, and what the registry sees to. */
export function areSlicesEqual(one: EndpointSlice, other: EndpointSlice): boolean {
  return sliceText(one) === sliceText(other);
}

function sliceText({ metadata, ports, endpoints }: EndpointSlice): string {
  return JSON.stringify([
    labelsText(metadata.labels ?? {}),
    portsKey(ports ?? []),
    (endpoints ?? []).map((endpoint) => endpointText(endpoint)),
  ]);
}

/** What would be deleted becomes what would be created. */
function reuse(slices: readonly PackedSlice[], emptied: readonly EndpointSlice[]) {
  const spare = [...emptied];
  const reused = slices.map((slice) => ({ ...slice, existing: slice.existing ?? spare.shift() }));
  return { slices: reused, emptied: spare };
}

function withZoneHints(slices: readonly PackedSlice[], nodes: Nodes, family: IpFamily) {
  const former = new Map(
    slices
      .flatMap(({ existing }) => existing?.endpoints ?? [])
      .map((endpoint) => [endpoint.targetRef?.uid, endpoint.hints]),
  );
  const all = slices
    .flatMap(({ endpoints }) => endpoints)
    .map((endpoint) => {
      const hints = former.get(endpoint.targetRef?.uid);
      return hints === undefined ? endpoint : { ...endpoint, hints };
    });
  const { endpoints, disabled }: ZoneHints = zoneHints(all, nodes.values(), family);
  const left = [...endpoints];
  return {
    slices: slices.map((slice) => ({ ...slice, endpoints: left.splice(0, slice.endpoints.length) })),
    disabled,
  };
}

function newSlice(
  service: ServiceFacts,
  family: IpFamily,
  labels: Readonly<Record<string, string>>,
  { ports, endpoints }: PackedSlice,
): EndpointSlice {
  const { namespace, name, uid } = service;
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      generateName: sliceNamePrefix(name),
      namespace,
      labels,
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    addressType: family,
    endpoints,
    ports,
  };
}

function labelsOfSlices(service: ServiceFacts): Readonly<Record<string, string>> {
  const own = Object.entries(service.labels).filter(([key]) => !RESERVED.includes(key));
  return Object.fromEntries([
    ...own,
    [MANAGED_BY_LABEL, SLICE_MANAGER],
    [SERVICE_NAME_LABEL, service.name],
    ...(service.isHeadless ? [[HEADLESS_LABEL, '']] : []),
  ]);
}

function partition<T>(
  all: readonly T[],
  isFirst: (each: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((each) => !isFirst(each))];
}

/** The slices that mirror an Endpoints object which somebody keeps by hand (cluster § 11.3). Pure. */
import { familyOf, type IpFamily, parseIp } from '@menwei/addresses/ip.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import { type EndpointPort, portsKey } from '../endpoints/endpoint-ports.ts';
import { type EndpointAddress, type EndpointSubset, repackSubsets } from '../endpoints/endpoint-subsets.ts';
import { hasLabel, labelsText } from '../endpoints/labels.ts';
import {
  MANAGED_BY_LABEL,
  MIRROR_MANAGER,
  SERVICE_NAME_LABEL,
  SKIP_MIRROR_LABEL,
  TRIGGER_TIME_ANNOTATION,
} from '../endpoints/names.ts';
import type { EndpointSlice } from '../endpoints/slice-packing.ts';
import { areSlicesEqual, sliceNamePrefix } from '../endpoints/slice-plan.ts';
import type { Endpoint } from '../endpoints/wanted-endpoints.ts';

type Endpoints = StoredKinds['endpoints'];

export interface MirrorPlan {
  /** Without names. */
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  /** Addresses that are none. */
  readonly invalid: number;
  /** Addresses beyond the most that a subset may have. */
  readonly surplus: number;
}

/** Of a subset. */
export const MAX_MIRRORED_ADDRESSES = 1000;

const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** Held by those who elect a leader by way of Endpoints. */
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

/** Whether it is to be mirrored, as far as it tells itself. */
export function isMirrored({ metadata }: Endpoints): boolean {
  const { labels = {}, annotations = {} } = metadata;
  const isSkipped = hasLabel(labels, SKIP_MIRROR_LABEL, 'true');
  return !isSkipped && !Object.hasOwn(annotations, LEADER_ANNOTATION);
}

/** @param existing slices that mirror it now */
export function planMirror(endpoints: Endpoints, existing: readonly EndpointSlice[]): MirrorPlan {
  const mirrored = repackSubsets(endpoints.subsets ?? []).map(mirrorSubset);
  const wanted = mirrored.flatMap(({ groups }) => groups).map((group) => sliceOf(endpoints, group));
  const left = Map.groupBy(existing, mirrorKey);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  for (const slice of wanted) {
    const present = left.get(mirrorKey(slice))?.shift();
    if (present === undefined) create.push(slice);
    else if (!isEqual(present, slice)) update.push(replaced(present, slice));
  }
  return {
    create,
    update,
    remove: [...left.values()].flat(),
    invalid: mirrored.reduce((sum, { invalid }) => sum + invalid, 0),
    surplus: mirrored.reduce((sum, { surplus }) => sum + surplus, 0),
  };
}

interface MirroredGroup {
  readonly family: IpFamily;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

function mirrorSubset({ addresses, notReadyAddresses, ports }: EndpointSubset) {
  const all = [
    ...(addresses ?? []).map((address) => mirrorAddress(address, true)),
    ...(notReadyAddresses ?? []).map((address) => mirrorAddress(address, false)),
  ];
  const valid = all.filter((endpoint) => endpoint !== undefined);
  const kept = valid.slice(0, MAX_MIRRORED_ADDRESSES);
  const byFamily = Map.groupBy(kept, ({ addresses }) => familyOf(addresses?.[0] ?? ''));
  const groups: readonly MirroredGroup[] = Array.from(byFamily).flatMap(([family, endpoints]) =>
    withUniqueNames(ports ?? []).map((some) => ({ family, ports: some, endpoints })),
  );
  return { groups, invalid: all.length - valid.length, surplus: valid.length - kept.length };
}

/** In a slice no two ports have one name; in Endpoints they may, in two subsets of the same addresses. */
function withUniqueNames(ports: readonly EndpointPort[]): readonly (readonly EndpointPort[])[] {
  const byName = Map.groupBy(ports, ({ name = '' }) => name);
  const most = Math.max(1, ...Array.from(byName.values(), ({ length }) => length));
  return Array.from({ length: most }, (_, index) =>
    [...byName.values()].flatMap((same) => same.slice(index, index + 1)),
  );
}

/** Undefined: it is no address. */
function mirrorAddress(
  { ip: text = '', nodeName, hostname, targetRef }: EndpointAddress,
  ready: boolean,
): Endpoint | undefined {
  const ip = parseIp(text);
  if (ip === undefined) return undefined;
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined || hostname === '' ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
  };
}

function sliceOf({ metadata }: Endpoints, { family, ports, endpoints }: MirroredGroup): EndpointSlice {
  const { namespace = '', name = '', uid = '', labels = {}, annotations = {} } = metadata;
  const { [TRIGGER_TIME_ANNOTATION]: _, [LAST_APPLIED_ANNOTATION]: __, ...cloned } = annotations;
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: {
      generateName: sliceNamePrefix(name),
      namespace,
      labels: { ...labels, [MANAGED_BY_LABEL]: MIRROR_MANAGER, [SERVICE_NAME_LABEL]: name },
      annotations: cloned,
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Endpoints', name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    addressType: family,
    endpoints,
    ports,
  };
}

function mirrorKey({ addressType = '', ports }: EndpointSlice): string {
  return `${addressType} ${portsKey(ports ?? [])}`;
}

function isEqual(present: EndpointSlice, wanted: EndpointSlice): boolean {
  return (
    areSlicesEqual(present, wanted) &&
    labelsText(present.metadata.annotations ?? {}) === labelsText(wanted.metadata.annotations ?? {}) &&
    present.metadata.ownerReferences?.[0]?.uid === wanted.metadata.ownerReferences?.[0]?.uid
  );
}

function replaced(present: EndpointSlice, wanted: EndpointSlice): EndpointSlice {
  const { labels = {}, annotations = {}, ownerReferences = [] } = wanted.metadata;
  return { ...wanted, metadata: { ...present.metadata, labels, annotations, ownerReferences } };
}

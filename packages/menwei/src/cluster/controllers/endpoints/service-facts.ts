/** What of a Service matters to its endpoints. */
import { familyOf, IP_FAMILIES, type IpFamily, parseIp } from '@menwei/addresses/ip.ts';
import { annotationOf } from '../../kinds/metadata.ts';
import { TOPOLOGY_HINTS, TOPOLOGY_MODE } from '../../kinds/service/validation.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';

export interface ServiceFacts {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly isBeingDeleted: boolean;
  /** Sorted by key; undefined: its endpoints are not the controllers' business. */
  readonly selector: readonly (readonly [key: string, value: string])[] | undefined;
  /** At least one; the first is the primary one. */
  readonly families: readonly IpFamily[];
  /** It has no ClusterIP. */
  readonly isHeadless: boolean;
  readonly publishesNotReady: boolean;
  readonly ports: readonly ServicePort[];
  readonly trafficDistribution: string | undefined;
  /** Asks for hints in proportion to the zones' CPUs. */
  readonly isTopologyAware: boolean;
}

interface ServicePort {
  readonly name: string;
  readonly protocol: string;
  readonly appProtocol: string | undefined;
  /** A number, or the name of a container's port. */
  readonly target: number | string;
}

type Service = StoredKinds['services'];
type ServiceSpec = NonNullable<Service['spec']>;

export function serviceFactsOf({ metadata, spec = {} }: Service): ServiceFacts {
  const { namespace = '', name = '' } = metadata;
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid: metadata.uid ?? '',
    labels: metadata.labels ?? {},
    createdAt: metadata.creationTimestamp ?? '',
    isBeingDeleted: metadata.deletionTimestamp !== undefined,
    selector: selectorOf(spec),
    families: familiesOf(spec),
    isHeadless: spec.clusterIP === undefined || spec.clusterIP === '' || spec.clusterIP === 'None',
    publishesNotReady: spec.publishNotReadyAddresses === true,
    ports: (spec.ports ?? []).map(({ name = '', protocol = 'TCP', appProtocol, port = 0, targetPort }) => ({
      name,
      protocol,
      appProtocol,
      target: targetPort ?? port,
    })),
    trafficDistribution: spec.trafficDistribution,
    isTopologyAware: isTopologyAware(metadata),
  };
}

/** Nothing that matters differs. */
export function areServicesEqual(one: ServiceFacts, other: ServiceFacts): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** None for an empty selector, too, which would otherwise select everything (CQ-13). */
function selectorOf({ type, selector = {} }: ServiceSpec): ServiceFacts['selector'] {
  const pairs = Object.entries(selector);
  if (type === 'ExternalName' || pairs.length === 0) return undefined;
  return pairs.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function familiesOf({ ipFamilies = [], clusterIP = '' }: ServiceSpec): readonly IpFamily[] {
  const families = IP_FAMILIES.filter((family) => ipFamilies.includes(family));
  if (families.length > 0)
    return families.toSorted((one, two) => ipFamilies.indexOf(one) - ipFamilies.indexOf(two));
  const ip = parseIp(clusterIP);
  return [ip === undefined ? 'IPv4' : familyOf(ip)];
}

/** The older name counts where the newer one is absent. */
function isTopologyAware(metadata: Service['metadata']): boolean {
  const mode = annotationOf(metadata, TOPOLOGY_MODE) ?? annotationOf(metadata, TOPOLOGY_HINTS);
  return mode === 'Auto' || mode === 'auto';
}

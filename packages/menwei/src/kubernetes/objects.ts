/**
 * The Kubernetes objects the proxy reads, slimmed to what it uses and checked: the rest of the program never sees
 * an unvalidated field. Made by the decoders of this folder, whatever the source (API server, manifest, embedded).
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { HealthCheckWish } from './health-check.ts';
import type {
  AddressPool,
  L2Advertisement,
  Lease,
  LoadBalancerDetails,
  Namespace,
} from './load-balancer-objects.ts';
import type { ObjectRef, Protocol } from './object-ref.ts';

export type { ObjectRef, Protocol };

/** What becomes of a packet on its way to an endpoint: see docs of the ipvs mode. Only that mode has a choice. */
export type Forwarding = 'masquerade' | 'direct' | 'tunnel';

/** What a hashing scheduler looks at beside the client's address, and whether it goes on where an endpoint is full. */
export type SchedulerFlag = 'port' | 'fallback';

/** How a Service wants its connections spread, where the mode has a choice (annotations `menwei.dev/…`). */
export interface Balancing {
  /** Name of an IPVS scheduler: `wlc`; empty: the proxy's default. */
  readonly scheduler: string;
  /** Undefined: as the scheduler has them unless told otherwise. */
  readonly schedulerFlags: readonly SchedulerFlag[] | undefined;
  readonly forwarding: Forwarding;
  /** How long the weight of a new endpoint grows until it is whole; 0: it is whole at once. */
  readonly slowStartMs: number;
}

export const DEFAULT_BALANCING: Balancing = {
  scheduler: '',
  schedulerFlags: undefined,
  forwarding: 'masquerade',
  slowStartMs: 0,
};

/** What the annotations of the project are called: docs/annotations.md tells what they do. */
export const ANNOTATIONS = {
  scheduler: 'menwei.dev/ipvs-scheduler',
  schedulerFlags: 'menwei.dev/ipvs-scheduler-flags',
  forwarding: 'menwei.dev/ipvs-forwarding',
  slowStart: 'menwei.dev/slow-start',
  weight: 'menwei.dev/weight',
  healthCheck: 'menwei.dev/health-check',
} as const;

/** The path of an annotation, as a {@link Problem} names it. */
export function annotationField(annotation: string): string {
  return `metadata.annotations.${annotation}`;
}

/** Weights as an annotation gives them: `web-0=3,10.244.0.7=1,*=2`. */
export interface EndpointWeights {
  /** By the name of a Pod, a host name or a canonical address. */
  readonly named: ReadonlyMap<string, number>;
  /** Of all others; undefined: nothing is said about them. */
  readonly others: number | undefined;
}

/** The weight of an endpoint with these names; its address counts for more than they do. */
export function weightOf(weights: EndpointWeights, ip: string, names: readonly string[]): number | undefined {
  for (const name of [ip, ...names]) {
    const weight = weights.named.get(name);
    if (weight !== undefined) return weight;
  }
  return weights.others;
}

export interface ServicePortSpec {
  /** Empty when the port has no name. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** 0 when none. */
  readonly nodePort: number;
}

export interface LoadBalancerIngress {
  /** Canonical address. */
  readonly ip: string;
  /** KEP-1860: `Proxy` addresses get no rules. */
  readonly ipMode: 'VIP' | 'Proxy';
}

export interface Service extends ObjectRef {
  readonly kind: 'Service';
  /** Tells it from another Service that had its name before; empty when unknown. */
  readonly uid: string;
  /** Milliseconds since the epoch; 0 when unknown. Decides who owns a contested address. */
  readonly createdAtMs: number;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** `spec.clusterIP` is `None`: it has names, and no address of its own. */
  readonly isHeadless: boolean;
  /** What an ExternalName Service is another name of: in lower case, without a final dot; empty for all others. */
  readonly externalName: string;
  /** True when another proxy is named by the label `service.kubernetes.io/service-proxy-name` (any value). */
  readonly foreignProxy: boolean;
  /** One address a family at most; empty for a headless Service. Canonical text. */
  readonly clusterIPs: Readonly<Partial<Record<IpFamily, string>>>;
  readonly ports: readonly ServicePortSpec[];
  /** Canonical addresses of both families, in the order of the object. */
  readonly externalIPs: readonly string[];
  readonly loadBalancerIngress: readonly LoadBalancerIngress[];
  /** Canonical CIDR text of both families. */
  readonly loadBalancerSourceRanges: readonly string[];
  /** Somebody was to be kept out, in words that can't be read: a family without a readable range lets nobody in. */
  readonly hasUnreadableSourceRange: boolean;
  /** Seconds a ClientIP affinity lives; 0 without affinity. */
  readonly sessionAffinitySeconds: number;
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  /** 0 when none. */
  readonly healthCheckNodePort: number;
  readonly balancing: Balancing;
  /** Of endpoints whose slice says nothing about theirs; undefined: all are 1. */
  readonly weights: EndpointWeights | undefined;
  /** See checkInForce. Undefined: it says nothing. */
  readonly healthCheck: HealthCheckWish | undefined;
  /** Undefined: no load-balancer controller has to do with it. */
  readonly loadBalancer: LoadBalancerDetails | undefined;
}

export interface EndpointSlicePort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** One address of a slice with its conditions, nil values already resolved (spec § 1.3). */
export interface SliceEndpoint {
  readonly ip: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Empty when unknown. */
  readonly nodeName: string;
  /** Undefined when there is no hint. */
  readonly zoneHints: readonly string[] | undefined;
  readonly nodeHints: readonly string[] | undefined;
  /**
   * Its share of the connections beside the others', 0-65535; 0: it gets no new ones. Undefined: the slice says nothing
   * about it, so that of the Service counts, or else 1.
   */
  readonly weight: number | undefined;
}

/** What an endpoint is called beside its Service (dns § 1). Both are DNS labels, or empty. */
export interface EndpointHost {
  readonly hostname: string;
  readonly podName: string;
}

export interface EndpointSlice extends ObjectRef {
  readonly kind: 'EndpointSlice';
  /** Value of the label `kubernetes.io/service-name`. Slices without it are not delivered. */
  readonly serviceName: string;
  readonly addressType: IpFamily;
  readonly ports: readonly EndpointSlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
  /**
   * Names of endpoints by their address, for the weights of a Service; undefined when there are none. Names that a
   * controller made up are left out: nobody could write them on a Service beforehand, and nearly all Pods have one.
   */
  readonly endpointNames: ReadonlyMap<string, readonly string[]> | undefined;
  /** By address, of endpoints that have a name; undefined unless it was decoded for who answers for names. */
  readonly hosts: ReadonlyMap<string, EndpointHost> | undefined;
  /** Annotation `endpoints.kubernetes.io/last-change-trigger-time`; 0 when absent or unreadable. */
  readonly lastChangeTriggerTimeMs: number;
}

export interface Node extends ObjectRef {
  readonly kind: 'Node';
  /** Label `topology.kubernetes.io/zone`; empty when absent. */
  readonly zone: string;
  /** Canonical CIDR text, order kept. */
  readonly podCIDRs: readonly string[];
  /** Canonical addresses: all InternalIPs in order, then all ExternalIPs. */
  readonly addresses: readonly string[];
  /** deletionTimestamp is set. */
  readonly deleting: boolean;
  readonly taintKeys: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly internalIPs: readonly string[];
  readonly externalIPs: readonly string[];
  /** Condition `Ready` is `True`, or nobody says anything about it. */
  readonly isReady: boolean;
  /** Condition `NetworkUnavailable` is `True`. */
  readonly isNetworkUnavailable: boolean;
}

/** Where the API server takes cluster IPs from (KEP-1880); only some modes ask for it. */
export interface ServiceCIDR extends ObjectRef {
  readonly kind: 'ServiceCIDR';
  /** Canonical CIDR text of both families, in the order of the object. */
  readonly cidrs: readonly string[];
}

export type WatchedObject =
  | Service
  | EndpointSlice
  | Node
  | ServiceCIDR
  | Namespace
  | Lease
  | AddressPool
  | L2Advertisement;

/** What is wrong with one object, in words an operator can act on: `spec.ports[0].port`, `0 is outside 1-65535`. */
export interface Problem {
  readonly object: ObjectRef;
  readonly field: string;
  readonly message: string;
  /** Where the object was read, when it came from a file. */
  readonly file?: string;
  readonly line?: number;
}

/** `services.yaml:12: Service default/web: spec.ports[0].port: 0 is outside 1-65535` */
export function formatProblem(problem: Problem): string {
  const { object, field, message, file, line } = problem;
  const place = file === undefined ? '' : line === undefined ? `${file}: ` : `${file}:${line}: `;
  return `${place}${formatRef(object)}: ${field === '' ? '' : `${field}: `}${message}`;
}

/** Of the many that may be wrong with one object. */
const TOLD_PROBLEMS = 3;

/** The first few, and how many more there are. */
export function summarizeProblems(problems: readonly Problem[]): string {
  const told = problems.slice(0, TOLD_PROBLEMS).map(formatProblem).join('; ');
  const more = problems.length - TOLD_PROBLEMS;
  return more > 0 ? `${told}; and ${more} more` : told;
}

/** What names an object, without all else of it. */
export function refOf({ kind, namespace, name }: ObjectRef): ObjectRef {
  return { kind, namespace, name };
}

/** `Service default/web`, `Node minikube` */
export function formatRef(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace === '' ? '' : `${ref.namespace}/`}${ref.name}`;
}

/** Identity of an object as a map key. */
export function refKey(ref: ObjectRef): string {
  return `${ref.kind}/${ref.namespace}/${ref.name}`;
}

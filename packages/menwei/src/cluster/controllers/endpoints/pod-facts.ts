/** What of a pod matters to the Services that select it: all that is kept of it in memory. */
import { familyOf, type IpFamily, parseIp } from '@menwei/addresses/ip.ts';
import { endpointIpErrors } from '../../kinds/addresses.ts';
import { sidecarsOf } from '../../kinds/pod/sidecars.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { compareText } from './text-order.ts';

export interface PodFacts {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Keys are whatever clients chose. */
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string;
  /** Succeeded or Failed: it never comes back. */
  readonly isFinished: boolean;
  readonly isTerminating: boolean;
  readonly isReady: boolean;
  /** When the Ready condition last changed; undefined without one. */
  readonly readyChangedAt: string | undefined;
  /** In canonical text, those of both families that an endpoint can have. */
  readonly ips: readonly string[];
  /** Those that it can't have. */
  readonly unusableIps: readonly string[];
  /** Empty before it has one. */
  readonly nodeName: string;
  readonly hostname: string;
  readonly subdomain: string;
  /** Those that have a name. */
  readonly ports: readonly NamedPort[];
}

interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  readonly number: number;
}

type Pod = StoredKinds['pods'];

const NO_PORTS: readonly NamedPort[] = [];
const NO_IPS: readonly string[] = [];

/** Shares what it can with what the store keeps: there may be very many. */
export function podFactsOf(stored: StoredObject): PodFacts {
  const { namespace, name, uid, labels } = stored;
  const { metadata, spec = {}, status = {} } = objectOf('pods', stored);
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const ports = portsOf(spec);
  const ips = ipsOf(status);
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid,
    labels,
    createdAt: metadata.creationTimestamp ?? '',
    isFinished: status.phase === 'Succeeded' || status.phase === 'Failed',
    isTerminating: stored.isBeingDeleted,
    isReady: ready?.status === 'True',
    readyChangedAt: ready?.lastTransitionTime ?? undefined,
    ips: ips.filter(isUsable),
    unusableIps: ips.every(isUsable) ? NO_IPS : ips.filter((ip) => !isUsable(ip)),
    nodeName: spec.nodeName ?? '',
    hostname: spec.hostname ?? '',
    subdomain: spec.subdomain ?? '',
    ports: ports.length === 0 ? NO_PORTS : ports,
  };
}

export function ipsOfFamily(ips: readonly string[], family: IpFamily): readonly string[] {
  return ips.filter((ip) => familyOf(ip) === family);
}

function isUsable(ip: string): boolean {
  return endpointIpErrors('', ip).length === 0;
}

/** Older ones first; the order of endpoints, so that equal pods give equal bytes. */
export function compareAge(one: PodFacts, other: PodFacts): number {
  return compareText(one.createdAt, other.createdAt) || compareText(one.name, other.name);
}

/** Nothing that matters differs. */
export function arePodsEqual(one: PodFacts, other: PodFacts): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function ipsOf({ podIP, podIPs = [] }: NonNullable<Pod['status']>): readonly string[] {
  const told = podIPs.length > 0 ? podIPs.map(({ ip }) => ip) : [podIP];
  const ips = told.map((text) => (text === undefined ? undefined : parseIp(text)));
  return ips.filter((ip) => ip !== undefined);
}

function portsOf(spec: NonNullable<Pod['spec']>): readonly NamedPort[] {
  const ports = [...(spec.containers ?? []), ...sidecarsOf(spec)].flatMap(({ ports = [] }) => ports);
  return ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
    name === undefined || containerPort === undefined ? [] : [{ name, protocol, number: containerPort }],
  );
}

/** What HAProxy has for one port of a Service: a `listen` section of its configuration, as data. */
import { isDeepStrictEqual } from 'node:util';
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../../state/object-key.ts';
import {
  type BalancerRequest,
  type BalancerServer,
  type BalancerStatus,
  type HealthCheck,
  ProviderError,
} from '../provider.ts';

export interface SectionServer {
  /** Canonical. */
  readonly ip: string;
  readonly port: number;
  /** 0-256; 0: it gets no new connections. */
  readonly weight: number;
}

/** Canonical CIDRs; undefined: everybody. Empty: nobody. */
export type AllowedRanges = readonly string[] | undefined;

export interface Section {
  readonly service: ObjectKey;
  readonly port: number;
  /** Canonical; clients connect to the port there. */
  readonly addresses: readonly string[];
  /** Who may connect to the addresses of a family. */
  readonly allowed: Readonly<Record<IpFamily, AllowedRanges>>;
  /** Seconds; 0: none. */
  readonly affinitySeconds: number;
  readonly proxyProtocol: 'none' | 'v1' | 'v2';
  readonly healthCheck: HealthCheck;
  readonly servers: readonly SectionServer[];
}

/** All that HAProxy has for a Service. */
export interface HAProxySpec {
  readonly service: ObjectKey;
  /** By port. */
  readonly sections: readonly Section[];
}

const TAG = 'mw';
/** What a name may consist of without a colon, which parts them: the rest of what HAProxy takes. */
const NAME_PART = /^[A-Za-z0-9_.-]+$/;
/** What HAProxy takes. */
const MOST_WEIGHT = 256;

/** Whether it can stand in the names of sections: letters, digits, `-`, `_` and `.`. */
export function isClusterId(text: string): boolean {
  return NAME_PART.test(text) && text.length <= 63;
}

/** What the names of all sections of a cluster begin with. */
export function clusterPrefix(cluster: string): string {
  return `${TAG}:${cluster}:`;
}

/** `mw:<cluster>:<namespace>:<service>` */
export function balancerName(cluster: string, service: ObjectKey): string {
  const { namespace, name } = parseObjectKey(service);
  return `${clusterPrefix(cluster)}${namespace}:${name}`;
}

/** `mw:<cluster>:<namespace>:<service>:<port>` */
export function sectionName(cluster: string, { service, port }: Pick<Section, 'service' | 'port'>): string {
  return `${balancerName(cluster, service)}:${port}`;
}

/** What {@link sectionName} was given; undefined when no section of the cluster has such a name. */
export function parseSectionName(
  cluster: string,
  text: string,
): Pick<Section, 'service' | 'port'> | undefined {
  if (!text.startsWith(clusterPrefix(cluster))) return undefined;
  const [namespace = '', name = '', port = '', ...more] = text
    .slice(clusterPrefix(cluster).length)
    .split(':');
  if (!NAME_PART.test(namespace) || !NAME_PART.test(name) || more.length > 0) return undefined;
  return /^[1-9]\d{0,4}$/.test(port)
    ? { service: objectKey(namespace, name), port: Number(port) }
    : undefined;
}

/** `10.0.0.1_8080`, `fd00::1_8080` */
export function serverName({ ip, port }: Pick<SectionServer, 'ip' | 'port'>): string {
  return `${ip}_${port}`;
}

/** Of servers that are not asked, so that there is one way to say so. */
export const NO_CHECK: HealthCheck = {
  probe: { kind: 'none' },
  intervalMs: 0,
  timeoutMs: 0,
  fall: 0,
  rise: 0,
};

export function compileSections(request: BalancerRequest): HAProxySpec {
  const { service, addresses } = request;
  const { namespace, name } = parseObjectKey(service);
  if (!NAME_PART.test(namespace) || !NAME_PART.test(name)) {
    throw new ProviderError(`${JSON.stringify(service)} can't be the name of a section`, {
      isPermanent: true,
    });
  }
  const sections = request.ports.map(
    ({ port, servers, healthCheck }): Section => ({
      service,
      port,
      addresses: addresses.toSorted(),
      allowed: { IPv4: allowedRanges(request, 'IPv4'), IPv6: allowedRanges(request, 'IPv6') },
      affinitySeconds: request.affinitySeconds,
      proxyProtocol:
        request.clientAddress === 'proxy-v1' ? 'v1' : request.clientAddress === 'proxy-v2' ? 'v2' : 'none',
      healthCheck: healthCheck.probe.kind === 'none' ? NO_CHECK : healthCheck,
      servers: compileServers(servers),
    }),
  );
  return { service, sections: sections.sort((a, b) => a.port - b.port) };
}

/** A family without ranges is open, as in a kube-proxy, unless somebody was to be kept out and can't be told. */
function allowedRanges(
  { sourceRanges, hasUnreadableSourceRange, addresses }: BalancerRequest,
  family: IpFamily,
) {
  if (!addresses.some((address) => familyOf(address) === family)) return undefined;
  const ranges = new Set(sourceRanges.filter((range) => familyOf(range) === family));
  return ranges.size > 0 || hasUnreadableSourceRange ? [...ranges].sort() : undefined;
}

function compileServers(servers: readonly BalancerServer[]): readonly SectionServer[] {
  const most = Math.max(1, ...servers.map(({ weight }) => weight));
  const scale = Math.min(1, MOST_WEIGHT / most);
  const compiled = servers.map(({ ip, port, weight, state }) => ({
    ip,
    port,
    weight: state === 'drain' || weight === 0 ? 0 : Math.max(1, Math.round(weight * scale)),
  }));
  return compiled.sort((a, b) => compareText(serverName(a), serverName(b)));
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isSameSpec(a: HAProxySpec, b: HAProxySpec): boolean {
  return isDeepStrictEqual(a, b);
}

/** The destination of a connection is rewritten, and packets of pods must take no short cut past that. */
export function statusOf({ sections }: HAProxySpec): BalancerStatus {
  const addresses = new Set(sections.flatMap((section) => section.addresses));
  return { ingress: Array.from(addresses, (ip) => ({ ip, hostname: '', ipMode: 'Proxy', ports: [] })) };
}

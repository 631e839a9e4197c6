/** What a name of the cluster has (dns § 2): all that every type of a question is answered from, so that all agree on whether it exists. */
import { parseIp } from '@menwei/addresses/ip.ts';
import type { EndpointHost, Protocol, Service } from '../../kubernetes/objects.ts';
import { type ObjectKey, objectKey } from '../../state/object-key.ts';
import type { NamedEndpoints } from '../../state/stored-slice.ts';

export interface Holding {
  /** Of both families, canonical, each once. */
  readonly addresses: readonly string[];
  /** Made when it is asked for: of a Service with thousands of endpoints they cost more than its addresses. */
  readonly servers: () => readonly Server[];
  /** The name is another one's alias: in lower case, without a final dot. */
  readonly alias: string;
}

/** What an SRV record tells. */
export interface Server {
  /** Before the Service's name; empty: the Service itself. */
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  readonly addresses: readonly string[];
}

/** What holdings are made from. */
interface Names {
  service(key: ObjectKey): Service | undefined;
  endpointsOf(service: ObjectKey): readonly NamedEndpoints[];
}

/** A name that exists, and has nothing. */
export const EMPTY: Holding = { addresses: [], servers: () => [], alias: '' };

/** An endpoint's own label under the Service's name (dns § 1). */
export function hostLabel(ip: string, host: EndpointHost | undefined, endpointPodNames: boolean): string {
  if (host !== undefined && host.hostname !== '') return host.hostname;
  if (endpointPodNames && host !== undefined && host.podName !== '') return host.podName;
  const label = ip.replaceAll(/[.:]/g, '-');
  return label.endsWith('-') ? `${label}0` : label;
}

/** The address in `10-0-0-1`, `fd00--1`; undefined: there is none. */
export function parseAddressLabel(label: string): string | undefined {
  const isFour = /^\d+-\d+-\d+-\d+$/.test(label);
  return parseIp(label.replaceAll('-', isFour ? '.' : ':'));
}

/** Of a Service's own name; undefined: there is no such name. */
export function serviceHolding(
  names: Names,
  service: Service,
  endpointPodNames: boolean,
): Holding | undefined {
  if (service.type === 'ExternalName') return { ...EMPTY, alias: service.externalName };
  const servers = () => serversOf(names, service, () => true, endpointPodNames);
  const addresses = service.isHeadless ? readyAddresses(names, service) : Object.values(service.clusterIPs);
  if (service.isHeadless && addresses.length === 0) return undefined;
  return { addresses, servers, alias: '' };
}

/** Of `<host>.<service>`. */
export function hostHolding(
  names: Names,
  service: Service,
  label: string,
  endpointPodNames: boolean,
): Holding | undefined {
  if (service.type === 'ExternalName') return undefined;
  const addresses = new Set<string>();
  const called = parseAddressLabel(label);
  for (const { ready, hosts } of endpointsOf(names, service)) {
    // Most have no other name than their address: they are not looked at one by one.
    const candidates = called === undefined ? hosts.keys() : [...hosts.keys(), called];
    for (const ip of candidates) {
      const isCalledSo = hostLabel(ip, hosts.get(ip), endpointPodNames) === label;
      if (isCalledSo && ready.includes(ip)) addresses.add(ip);
    }
  }
  return addresses.size === 0 ? undefined : { ...EMPTY, addresses: [...addresses] };
}

/** Of `_<port>._<protocol>.<service>`. */
export function portHolding(
  names: Names,
  service: Service,
  asked: { readonly port: string; readonly protocol: string },
  endpointPodNames: boolean,
): Holding | undefined {
  if (service.type === 'ExternalName' || asked.port === '') return undefined;
  const isAsked: IsAsked = ({ name, protocol }) =>
    name === asked.port && protocol.toLowerCase() === asked.protocol;
  const servers = serversOf(names, service, isAsked, endpointPodNames);
  return servers.length === 0 ? undefined : { ...EMPTY, servers: () => servers };
}

/** Of `_<protocol>.<service>`: it has nothing, and is there as long as there are names below it (RFC 8020). */
export function protocolHolding(names: Names, service: Service, protocol: string): Holding | undefined {
  if (service.type === 'ExternalName') return undefined;
  const isAsked: IsAsked = (port) => port.name !== '' && port.protocol.toLowerCase() === protocol;
  const hasPorts = service.isHeadless
    ? endpointsOf(names, service).some(({ ready, ports }) => ready.length > 0 && ports.some(isAsked))
    : Object.values(service.clusterIPs).length > 0 && service.ports.some(isAsked);
  return hasPorts ? EMPTY : undefined;
}

type IsAsked = (port: { readonly name: string; readonly protocol: Protocol }) => boolean;

function serversOf(
  names: Names,
  service: Service,
  isAsked: IsAsked,
  endpointPodNames: boolean,
): readonly Server[] {
  return service.isHeadless
    ? headlessServers(names, service, isAsked, endpointPodNames)
    : clusterServers(service, isAsked);
}

function clusterServers(service: Service, isAsked: IsAsked): readonly Server[] {
  const addresses = Object.values(service.clusterIPs);
  const ports = service.ports.filter(isAsked);
  if (addresses.length === 0) return [];
  const weight = weightAmong(ports.length * addresses.length);
  const servers = ports.map(({ port }) => ({ host: '', port, weight, addresses }));
  return withoutTwins(servers);
}

/** One for each host name and port, whatever addresses the host has. */
function headlessServers(
  names: Names,
  service: Service,
  isAsked: IsAsked,
  endpointPodNames: boolean,
): readonly Server[] {
  const addressesOf = new Map<string, Set<string>>();
  const pairs: { readonly host: string; readonly port: number }[] = [];
  for (const { ports, ready, hosts } of endpointsOf(names, service)) {
    for (const { port } of ports.filter(isAsked)) {
      for (const ip of ready) {
        const host = hostLabel(ip, hosts.get(ip), endpointPodNames);
        pairs.push({ host, port });
        const addresses = addressesOf.get(host) ?? new Set();
        addressesOf.set(host, addresses.add(ip));
      }
    }
  }
  const weight = weightAmong(pairs.length);
  const servers = pairs.map(({ host, port }) => ({
    host,
    port,
    weight,
    addresses: [...(addressesOf.get(host) ?? [])],
  }));
  return withoutTwins(servers);
}

/** DQ-6: counted before equal records are merged. */
function weightAmong(pairs: number): number {
  return Math.max(1, Math.floor(100 / pairs));
}

function withoutTwins(servers: readonly Server[]): readonly Server[] {
  return [...new Map(servers.map((server) => [`${server.host}:${server.port}`, server])).values()];
}

function readyAddresses(names: Names, service: Service): readonly string[] {
  return [...new Set(endpointsOf(names, service).flatMap(({ ready }) => ready))];
}

function endpointsOf(names: Names, { namespace, name }: Service): readonly NamedEndpoints[] {
  return names.endpointsOf(objectKey(namespace, name));
}

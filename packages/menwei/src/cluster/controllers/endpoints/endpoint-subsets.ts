/** The subsets of an Endpoints object: what a Service's should be, and the one form of those that mean the same (cluster § 11.2). */
import type { Messages } from '../../schema/messages.ts';
import { comparePorts, portsKey, portsOfPod } from './endpoint-ports.ts';
import { compareAge, ipsOfFamily, type PodFacts } from './pod-facts.ts';
import type { ServiceFacts } from './service-facts.ts';
import { compareText } from './text-order.ts';
import { hostnameFor } from './wanted-endpoints.ts';

export type EndpointSubset = Messages['core.v1.EndpointSubset'];
export type EndpointAddress = Messages['core.v1.EndpointAddress'];
type EndpointPort = Messages['core.v1.EndpointPort'];

/** In the Service's first family. @param pods those that the Service selects */
export function wantedSubsets(service: ServiceFacts, pods: Iterable<PodFacts>): readonly EndpointSubset[] {
  const subsets = [...pods].sort(compareAge).flatMap((pod) => {
    const address = addressOf(service, pod);
    const ports = portsOfPod(service, pod);
    const needsNoPort = service.isHeadless && service.ports.length === 0;
    if (address === undefined || (ports.length === 0 && !needsNoPort)) return [];
    const isReady = service.publishesNotReady || pod.isReady;
    return [{ [isReady ? 'addresses' : 'notReadyAddresses']: [address], ports }];
  });
  return repackSubsets(subsets);
}

interface PlacedAddress {
  readonly address: EndpointAddress;
  readonly isReady: boolean;
}

/**
 * Each port with all the addresses that offer it; ports that the same addresses offer share a subset. An address that is ready in
 * one place and not in another is not.
 */
export function repackSubsets(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const byPort = new Map<string, { port: EndpointPort | undefined; addresses: Map<string, PlacedAddress> }>();
  for (const { addresses, notReadyAddresses, ports } of subsets) {
    // Those without ports are kept, too.
    const all = ports === undefined || ports === null || ports.length === 0 ? [undefined] : ports;
    for (const port of all) {
      const key = port === undefined ? '' : portsKey([port]);
      const entry = byPort.get(key) ?? { port, addresses: new Map() };
      byPort.set(key, entry);
      for (const address of addresses ?? []) place(entry.addresses, address, true);
      for (const address of notReadyAddresses ?? []) place(entry.addresses, address, false);
    }
  }
  const byAddresses = Map.groupBy(byPort.values(), ({ addresses }) => addressesKey(addresses));
  const packed = Array.from(byAddresses.values(), (entries) => {
    const ports = entries.flatMap(({ port }) => (port === undefined ? [] : [port])).sort(comparePorts);
    return makeSubset([...(entries[0]?.addresses.values() ?? [])], ports);
  });
  return packed.sort((one, other) => compareText(portsKey(one.ports ?? []), portsKey(other.ports ?? [])));
}

export function countAddresses(subsets: readonly EndpointSubset[]): number {
  return subsets.reduce(
    (sum, { addresses, notReadyAddresses }) =>
      sum + (addresses?.length ?? 0) + (notReadyAddresses?.length ?? 0),
    0,
  );
}

/** At most so many addresses; those that are ready come first. */
export function truncateSubsets(subsets: readonly EndpointSubset[], max: number): readonly EndpointSubset[] {
  let left = max;
  const take = (addresses: EndpointSubset['addresses']) => {
    const taken = addresses?.slice(0, left) ?? [];
    left -= taken.length;
    return taken;
  };
  const ready = subsets.map(({ addresses }) => take(addresses));
  const notReady = subsets.map(({ notReadyAddresses }) => take(notReadyAddresses));
  return subsets
    .map(({ ports }, index) => subsetOf(ready[index] ?? [], notReady[index] ?? [], ports ?? []))
    .filter((subset) => countAddresses([subset]) > 0);
}

/** Equal for subsets between which no reader sees a difference. */
export function subsetsText(subsets: readonly EndpointSubset[]): string {
  return JSON.stringify(
    subsets.map(({ addresses, notReadyAddresses, ports }) => [
      (addresses ?? []).map(addressText),
      (notReadyAddresses ?? []).map(addressText),
      portsKey(ports ?? []),
    ]),
  );
}

/** Undefined: the pod is no endpoint. */
function addressOf(service: ServiceFacts, pod: PodFacts): EndpointAddress | undefined {
  const { name, namespace, uid, nodeName, isFinished, isTerminating } = pod;
  if (isFinished || (isTerminating && !service.publishesNotReady)) return undefined;
  const ip = service.families.slice(0, 1).flatMap((family) => ipsOfFamily(pod.ips, family))[0];
  if (ip === undefined) return undefined;
  const hostname = hostnameFor(service, pod);
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === '' ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function place(addresses: Map<string, PlacedAddress>, address: EndpointAddress, isReady: boolean): void {
  const key = JSON.stringify([address.ip, address.targetRef?.uid]);
  const former = addresses.get(key);
  addresses.set(key, { address: former?.address ?? address, isReady: isReady && former?.isReady !== false });
}

function addressesKey(addresses: ReadonlyMap<string, PlacedAddress>): string {
  const keys = Array.from(addresses, ([key, { isReady }]) => `${key} ${isReady}`);
  return keys.sort().join('\n');
}

function makeSubset(placed: readonly PlacedAddress[], ports: readonly EndpointPort[]): EndpointSubset {
  const sorted = placed.toSorted((one, other) => compareAddresses(one.address, other.address));
  const of = (isReady: boolean) => sorted.flatMap((each) => (each.isReady === isReady ? [each.address] : []));
  return subsetOf(of(true), of(false), ports);
}

function subsetOf(
  addresses: readonly EndpointAddress[],
  notReadyAddresses: readonly EndpointAddress[],
  ports: readonly EndpointPort[],
): EndpointSubset {
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function addressText({ ip, hostname, nodeName, targetRef = {} }: EndpointAddress): string {
  return JSON.stringify([
    ip,
    hostname,
    nodeName,
    targetRef.kind,
    targetRef.namespace,
    targetRef.name,
    targetRef.uid,
  ]);
}

function compareAddresses(one: EndpointAddress, other: EndpointAddress): number {
  return (
    compareText(one.ip ?? '', other.ip ?? '') ||
    compareText(one.targetRef?.uid ?? '', other.targetRef?.uid ?? '')
  );
}

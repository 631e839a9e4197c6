/** The ClusterIPs of one Service: takes those it has not yet, and gives back those it has no more (cluster § 9.5). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import {
  HEADLESS,
  needsClusterIps,
  type Service,
  type ServiceSpec,
  specOf,
  withSpec,
} from '../kinds/service/fields.ts';
import type { Transaction } from '../store/store.ts';
import type { ServiceAddresses } from './addresses.ts';
import { keepsWhatItPrefers } from './families.ts';
import { releaseIpAddress, takenIps } from './ip-address.ts';

/** @param service with its families filled in @throws StatusError */
export function takeClusterIps(
  transaction: Transaction,
  addresses: ServiceAddresses,
  service: Service,
  old: Service | undefined,
): Service {
  const spec = specOf(service);
  if (!needsClusterIps(spec) || spec.clusterIPs?.[0] === HEADLESS) return service;
  const before = old === undefined ? undefined : specOf(old);
  const kept = before === undefined ? 0 : keptCount(spec, before);
  const given = spec.clusterIPs ?? [];
  const clusterIPs = (spec.ipFamilies ?? []).map((family, index) => {
    const wanted = given[index] ?? '';
    if (index < kept) return wanted;
    if (wanted === '') return addresses.takeAny(transaction, service, knownFamily(family));
    addresses.take(transaction, service, wanted);
    return wanted;
  });
  // More addresses than families, and none at all, are for validation to refuse.
  const all = [...clusterIPs, ...given.slice(clusterIPs.length)];
  return withSpec(service, { clusterIPs: all, ...(all[0] === undefined ? {} : { clusterIP: all[0] }) });
}

export function releaseClusterIps(transaction: Transaction, service: Service, old: Service): void {
  const kept = new Set(takenIps(service));
  for (const ip of takenIps(old)) {
    if (!kept.has(ip)) releaseIpAddress(transaction, ip, old);
  }
}

/** How many of its first addresses it holds already. What it changed of those, validation refuses. */
function keptCount(spec: ServiceSpec, old: ServiceSpec): number {
  if (!needsClusterIps(old)) return 0;
  const isUpgrade = (old.ipFamilies ?? []).length === 1 && (spec.ipFamilies ?? []).length === 2;
  return isUpgrade && old.clusterIPs?.[0] !== HEADLESS && !keepsWhatItPrefers(spec, old)
    ? 1
    : Number.POSITIVE_INFINITY;
}

function knownFamily(family: string): IpFamily {
  if (family === 'IPv4' || family === 'IPv6') return family;
  throw new Error(`BUG: an address is wanted of the family ${family}`);
}

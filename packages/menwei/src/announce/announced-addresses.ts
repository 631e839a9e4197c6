/** Which addresses of a Service are to be announced, and by which advertisements (load-balancer § 5.3). */
import { familyOf, type IpFamily, isAssignable } from '@menwei/addresses/ip.ts';
import { matches, serviceLabels } from '../kubernetes/label-selector.ts';
import { ignoringAnnotation, POOL_ANNOTATIONS } from '../kubernetes/load-balancer-annotations.ts';
import type { L2Advertisement } from '../kubernetes/load-balancer-objects.ts';
import type { Service } from '../kubernetes/objects.ts';
import { objectKey } from '../state/object-key.ts';
import type { AnnouncedService } from './election/election.ts';
import type { EndpointNodes } from './endpoint-nodes.ts';
import type { PoolsByAddress } from './pool-of-address.ts';

export interface AdvertisementView {
  readonly pools: PoolsByAddress;
  readonly advertisements: readonly L2Advertisement[];
  /** Classes of Services whose addresses this program announces; Services without a class are among them always. */
  readonly classes: ReadonlySet<string>;
}

/** Undefined: none. */
export function announcedService(
  service: Service,
  endpointNodes: Readonly<Record<IpFamily, EndpointNodes>>,
  view: AdvertisementView,
): AnnouncedService | undefined {
  if (!isAnnounced(service, view)) return undefined;
  const external = externalAdvertisements(service, view);
  const candidates = [
    ...vipsOf(service).map((address) => ({ address, by: advertisementsOf(service, address, view) })),
    ...(external.length === 0 ? [] : service.externalIPs.map((address) => ({ address, by: external }))),
  ];
  const addresses = new Map<string, AnnouncedService['addresses'][number]>();
  for (const { address, by } of candidates) {
    if (addresses.has(address) || !isAssignable(address)) continue;
    addresses.set(address, { address, endpointNodes: endpointNodes[familyOf(address)], advertisements: by });
  }
  if (addresses.size === 0) return undefined;
  const { namespace, name, createdAtMs, externalTrafficPolicy: policy } = service;
  return { service: objectKey(namespace, name), createdAtMs, policy, addresses: [...addresses.values()] };
}

function isAnnounced({ type, loadBalancer, externalIPs }: Service, { classes }: AdvertisementView): boolean {
  if (type === 'ExternalName') return false;
  if (type !== 'LoadBalancer') return externalIPs.length > 0;
  if (loadBalancer === undefined) return false;
  const { loadBalancerClass } = loadBalancer;
  const isIgnored = ignoringAnnotation(loadBalancer) !== undefined;
  return !isIgnored && (loadBalancerClass === '' || classes.has(loadBalancerClass));
}

/** Of a balancer that takes packets for itself (`ipMode: Proxy`) the address is its own business. */
function vipsOf({ type, loadBalancerIngress }: Service): readonly string[] {
  if (type !== 'LoadBalancer') return [];
  return loadBalancerIngress.filter(({ ipMode }) => ipMode === 'VIP').map(({ ip }) => ip);
}

function advertisementsOf(
  service: Service,
  address: string,
  view: AdvertisementView,
): readonly L2Advertisement[] {
  const pool = view.pools.containing(address);
  const poolNames = pool === undefined ? notedPools(service) : [pool.name];
  if (poolNames.length === 0) return [];
  return view.advertisements.filter(
    (advertisement) =>
      advertisement.loadBalancerIPs &&
      poolNames.some((name) => selectsPool(advertisement, name, (pool ?? view.pools.named(name))?.labels)) &&
      selectsService(advertisement, service),
  );
}

function externalAdvertisements(
  service: Service,
  { advertisements }: AdvertisementView,
): readonly L2Advertisement[] {
  return advertisements.filter((one) => one.externalIPs && selectsService(one, service));
}

function selectsPool(
  { pools, poolSelectors }: L2Advertisement,
  name: string,
  labels: ReadonlyMap<string, string> = new Map(),
): boolean {
  if (pools.length === 0 && poolSelectors.length === 0) return true;
  return pools.includes(name) || poolSelectors.some((selector) => matches(selector, labels));
}

/** Of a Service that is no load balancer the labels are not known: it is selected by who selects all. */
function selectsService({ kind, serviceSelectors }: L2Advertisement, service: Service): boolean {
  if (serviceSelectors.length === 0) return true;
  if (service.loadBalancer === undefined) return false;
  const { labels } = service.loadBalancer;
  const known = kind === 'CiliumL2AnnouncementPolicy' ? serviceLabels(service, labels) : labels;
  return serviceSelectors.some((selector) => matches(selector, known));
}

/** The names of the pools that its addresses are from, as the controller has noted them: those stay announced if the pool changes. */
function notedPools({ loadBalancer }: Service): readonly string[] {
  const noted = Object.values(POOL_ANNOTATIONS).map((name) => loadBalancer?.annotations.get(name) ?? '');
  return [...new Set(noted.flatMap((text) => text.split(',')).map((name) => name.trim()))].filter(
    (name) => name !== '',
  );
}

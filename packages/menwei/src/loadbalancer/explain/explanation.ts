/** Why a Service has the addresses that it has, or none, and who brings the traffic there. */
import { quote, show } from '../../kubernetes/decode-text.ts';
import { ignoringAnnotation } from '../../kubernetes/load-balancer-annotations.ts';
import type { Service } from '../../kubernetes/objects.ts';
import { type ObjectKey, objectKey } from '../../state/object-key.ts';
import { type ClaimOptions, claimOf } from '../claim.ts';
import type { AddressRequest } from '../pools/allocation.ts';
import { wantedFamilies } from '../pools/wants.ts';
import { READY_CONDITION } from '../wanted-status.ts';
import { AddressNodes, type NodeVerdict } from './address-nodes.ts';
import type { KnownCluster } from './known-cluster.ts';

export interface ServiceExplanation {
  readonly service: ObjectKey;
  /** `spec.loadBalancerClass`; empty: none. */
  readonly loadBalancerClass: string;
  /** The class by whose rules it is served; undefined: this controller does not serve it. */
  readonly servedAs: string | undefined;
  /** What it asks of the pools; undefined: nothing. */
  readonly asksFor: string | undefined;
  /** `Announced`, `Provisioned`, or what is in the way; `NotServed` where this controller does not serve it. */
  readonly reason: string;
  readonly message: string;
  /** Why the last sync failed; undefined: it did not, or nobody syncs. */
  readonly failure: string | undefined;
  readonly addresses: readonly AddressExplanation[];
}

export interface AddressExplanation {
  readonly address: string;
  /** Empty: of none. */
  readonly pool: string;
  readonly sharedWith: readonly ObjectKey[];
  /** Of an address that nodes announce: all nodes; in a list of many Services, only those that have it. */
  readonly nodes: readonly NodeVerdict[];
}

/** Of all Services of type LoadBalancer, sorted by name. @param only of this one */
export function explainServices(
  known: KnownCluster,
  only: ObjectKey | undefined,
): readonly ServiceExplanation[] {
  const nodes = new AddressNodes(known);
  const nodesOf = (address: string) =>
    only === undefined ? nodes.ownersOf(address) : nodes.verdictsOn(address);
  const { services } = known.tables;
  const chosen =
    only === undefined
      ? [...services.rows.values()].filter(({ type }) => type === 'LoadBalancer')
      : [services.get(only)].filter((service) => service !== undefined);
  return chosen
    .map((service) => explain(service, known, nodesOf))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
}

function explain(
  service: Service,
  known: KnownCluster,
  nodesOf: (address: string) => readonly NodeVerdict[],
): ServiceExplanation {
  const key = objectKey(service.namespace, service.name);
  const claim = claimOf(service, known.claims);
  const told = { service: key, loadBalancerClass: service.loadBalancer?.loadBalancerClass ?? '' };
  if (claim.claim !== 'managed') {
    const message = [whyNotServed(service, known.claims), ...conditionOf(service)].join('; ');
    const none = { servedAs: undefined, asksFor: undefined, failure: undefined, addresses: [] };
    return { ...told, ...none, reason: 'NotServed', message };
  }
  const request = known.allocator.request(key);
  return {
    ...told,
    servedAs: claim.servedAs,
    asksFor: request && describeRequest(request),
    ...stateOf(key, service, known),
    failure: known.rows.get(key)?.failure,
    addresses: addressesOf(key, service, known).map(({ address, pool }) => ({
      address,
      pool,
      sharedWith: known.allocator.holders(address).filter((other) => other !== key),
      nodes: claim.by === 'announcing' ? nodesOf(address) : [],
    })),
  };
}

/** Those that were decided, also where they are not written yet; of a class without pools those of the status. */
function addressesOf(key: ObjectKey, service: Service, { allocator, rows }: KnownCluster) {
  const decision = rows.get(key) ?? allocator.decision(key);
  const addresses = decision?.addresses ?? service.loadBalancerIngress.map(({ ip }) => ip);
  return addresses.map((address, index) => ({ address, pool: decision?.pools[index] ?? '' }));
}

function stateOf(key: ObjectKey, { loadBalancer }: Service, { allocator, rows }: KnownCluster) {
  const ready = rows.get(key)?.ready;
  if (ready !== undefined) return { reason: ready.reason, message: ready.message };
  const trouble = allocator.decision(key)?.trouble;
  if (trouble !== undefined) return trouble;
  const condition = readyOf(loadBalancer);
  if (condition !== undefined) return { reason: condition.reason, message: condition.message };
  return { reason: 'Unknown', message: `no controller has written the condition ${READY_CONDITION} yet` };
}

function readyOf(loadBalancer: Service['loadBalancer']) {
  return loadBalancer?.conditions.find(({ type }) => type === READY_CONDITION);
}

/** Another controller may serve it, of other flags than were given here. */
function conditionOf({ loadBalancer }: Service): readonly string[] {
  const ready = readyOf(loadBalancer);
  return ready === undefined
    ? []
    : [`its condition ${READY_CONDITION} says ${ready.reason}: ${ready.message}`];
}

const OWN_CLASSES = 'menwei.dev/';

function whyNotServed({ type, loadBalancer }: Service, { classes, classlessAs }: ClaimOptions): string {
  if (type !== 'LoadBalancer' || loadBalancer === undefined) return `it is of type ${type}`;
  const { isDeleting, loadBalancerClass } = loadBalancer;
  if (isDeleting) return 'it is being deleted';
  const ignored = ignoringAnnotation(loadBalancer);
  if (ignored !== undefined) return `its annotation ${ignored} says that it is to be left alone`;
  if (loadBalancerClass.startsWith(OWN_CLASSES)) {
    return `its class ${loadBalancerClass} is not served by menwei lb as it was started here: that serves ${[...classes].join(', ')}; menwei.dev/haproxy takes --haproxy-binary or --haproxy-config`;
  }
  if (loadBalancerClass !== '') {
    return `its class ${loadBalancerClass} is another controller's: menwei lb serves ${[...classes].join(', ')}`;
  }
  if (classlessAs === undefined) {
    return 'it has no loadBalancerClass, and --default-load-balancer is not given';
  }
  throw new Error('BUG: nothing keeps the controller from serving it');
}

/** `an IPv4 address; pool p; sharing key "k"` */
function describeRequest(request: AddressRequest): string {
  const { familyPolicy, addresses, pool, sharing, localNodes } = request;
  const wanted = wantedFamilies(request);
  const any =
    wanted.length > 1 ? `${wanted.join(' and ')} addresses (${familyPolicy})` : `an ${wanted.join()} address`;
  const parts = [
    addresses.length > 0 ? addresses.join(', ') : any,
    ...(pool === '' ? [] : [`pool ${show(pool)}`]),
    ...(sharing === undefined ? [] : [`sharing key ${quote(sharing.key)}`]),
    ...(localNodes === undefined ? [] : ['externalTrafficPolicy Local']),
  ];
  return parts.join('; ');
}

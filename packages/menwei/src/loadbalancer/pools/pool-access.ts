/** Which Services may be given addresses of a pool, and why not. */
import { matches, serviceLabels } from '../../kubernetes/label-selector.ts';
import type { AddressPool, ServiceAllocation } from '../../kubernetes/load-balancer-objects.ts';
import { parseObjectKey } from '../../state/object-key.ts';
import type { AddressRequest } from './allocation.ts';

/** Why the pool does not let this Service have any of its addresses: `its namespaces are a, b`. Undefined: it does. */
export function whyNotFor(pool: AddressPool, request: AddressRequest): string | undefined {
  const allocation = pool.serviceAllocation;
  if (allocation === undefined) return undefined;
  if (!selectsNamespace(allocation, request)) return namespaceRefusal(allocation, request);
  const { serviceSelectors } = allocation;
  if (serviceSelectors.length === 0) return undefined;
  const labels = labelsFor(pool, request);
  if (serviceSelectors.some((selector) => matches(selector, labels))) return undefined;
  return serviceSelectors.length === 1
    ? 'its serviceSelector does not select the Service'
    : `none of its ${serviceSelectors.length} serviceSelectors selects the Service`;
}

function selectsNamespace(allocation: ServiceAllocation, request: AddressRequest): boolean {
  const { namespaces, namespaceSelectors } = allocation;
  if (namespaces.length === 0 && namespaceSelectors.length === 0) return true;
  if (namespaces.includes(request.namespace)) return true;
  return namespaceSelectors.some((selector) => matches(selector, request.namespaceLabels));
}

function namespaceRefusal(
  { namespaces, namespaceSelectors }: ServiceAllocation,
  { namespace }: AddressRequest,
) {
  const named = namespaces.length === 0 ? [] : ['namespaces'];
  const selected = namespaceSelectors.length === 0 ? [] : ['namespaceSelectors'];
  return `its ${[...named, ...selected].join(' and ')} do not select namespace ${namespace}`;
}

/** Selectors of Cilium know a Service by its name, too. */
function labelsFor(pool: AddressPool, request: AddressRequest): ReadonlyMap<string, string> {
  if (pool.kind !== 'CiliumLoadBalancerIPPool') return request.labels;
  return serviceLabels(parseObjectKey(request.service), request.labels);
}

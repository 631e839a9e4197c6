/** The rules of every kind, by the name of its resource in the store. */
import type { ApiObject } from '../schema/object.ts';
import { CONFIG_MAP_RULES } from './config-map.ts';
import { ENDPOINT_SLICE_RULES } from './endpoint-slice.ts';
import { ENDPOINTS_RULES } from './endpoints.ts';
import { EVENT_RULES, NEW_EVENT_RULES } from './event.ts';
import { INGRESS_RULES } from './ingress.ts';
import { INGRESS_CLASS_RULES } from './ingress-class.ts';
import { IP_ADDRESS_RULES } from './ip-address.ts';
import { IP_ADDRESS_POOL_RULES } from './ip-address-pool.ts';
import type { KindRules } from './kind-rules.ts';
import { L2_ADVERTISEMENT_RULES } from './l2-advertisement.ts';
import { LEASE_RULES } from './lease.ts';
import { NAMESPACE_RULES } from './namespace.ts';
import { NODE_RULES } from './node.ts';
import { POD_RULES } from './pod/rules.ts';
import type { Resource } from './resource.ts';
import { SERVICE_RULES } from './service/service.ts';
import { SERVICE_ACCOUNT_RULES } from './service-account.ts';
import { SERVICE_CIDR_RULES } from './service-cidr.ts';

/** For kinds that demand nothing of their own. */
const GENERIC: KindRules = {
  defaults: (object) => object,
  validate: () => [],
  table: {
    columns: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      { name: 'Created At', type: 'date', format: '', description: '', priority: 0 },
    ],
    row: ({ metadata }: ApiObject) => ({ cells: [metadata.name ?? '', metadata.creationTimestamp ?? ''] }),
  },
};

const RULES: Readonly<Record<string, KindRules>> = {
  configmaps: CONFIG_MAP_RULES,
  endpoints: ENDPOINTS_RULES,
  endpointslices: ENDPOINT_SLICE_RULES,
  events: EVENT_RULES,
  ingresses: INGRESS_RULES,
  ingressclasses: INGRESS_CLASS_RULES,
  ipaddresses: IP_ADDRESS_RULES,
  ipaddresspools: IP_ADDRESS_POOL_RULES,
  l2advertisements: L2_ADVERTISEMENT_RULES,
  leases: LEASE_RULES,
  namespaces: NAMESPACE_RULES,
  nodes: NODE_RULES,
  pods: POD_RULES,
  serviceaccounts: SERVICE_ACCOUNT_RULES,
  servicecidrs: SERVICE_CIDR_RULES,
  services: SERVICE_RULES,
};

/** Of the two shapes of an Event, each has rules of its own. */
export function rulesOf({ group, storedAs = '' }: Resource): KindRules {
  if (group === 'events.k8s.io') return NEW_EVENT_RULES;
  return RULES[storedAs] ?? GENERIC;
}

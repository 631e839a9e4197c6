/** IPAddressPools: addresses for Services of type LoadBalancer (load-balancer § 4.2). */
import { parseAddressRange } from '../../kubernetes/decode-address-range.ts';
import { type FieldError, invalid } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import type { KindRules } from './kind-rules.ts';
import { namespaceErrors, selectorsErrors } from './selectors.ts';
import { IP_ADDRESS_POOL_TABLE } from './tables/ip-address-pool.ts';

type Pool = Messages['metallb.v1beta1.IPAddressPool'];

export const IP_ADDRESS_POOL_RULES: KindRules<Pool> = {
  countsGeneration: true,
  defaults: (pool) => ({ ...pool, spec: { autoAssign: true, avoidBuggyIPs: false, ...pool.spec } }),
  prepareForCreate: ({ status: _, ...pool }) => pool,
  prepareForUpdate: ({ status: _, ...pool }, { status }) =>
    status === undefined ? pool : { ...pool, status },
  validate({ spec: { addresses, serviceAllocation = {} } = {} }) {
    const field = 'spec.serviceAllocation';
    const { namespaces, namespaceSelectors, serviceSelectors } = serviceAllocation;
    return [
      ...(addresses ?? []).flatMap((range, index) => rangeErrors(`spec.addresses[${index}]`, range)),
      ...namespaceErrors(`${field}.namespaces`, namespaces),
      ...selectorsErrors(`${field}.namespaceSelectors`, namespaceSelectors),
      ...selectorsErrors(`${field}.serviceSelectors`, serviceSelectors),
    ];
  },
  validateStatusUpdate: () => [],
  table: IP_ADDRESS_POOL_TABLE,
};

function rangeErrors(field: string, text: string): readonly FieldError[] {
  const range = parseAddressRange(text);
  return typeof range === 'string' ? [invalid(field, text, range)] : [];
}

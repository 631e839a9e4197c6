/** The rules of every kind, by the name of its resource in the store. */
import type { ApiObject } from '../schema/object.ts';
import { IP_ADDRESS_RULES } from './ip-address.ts';
import type { KindRules } from './kind-rules.ts';
import type { Resource } from './resource.ts';
import { SERVICE_RULES } from './service/service.ts';
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
  ipaddresses: { ...IP_ADDRESS_RULES, table: GENERIC.table },
  servicecidrs: { ...SERVICE_CIDR_RULES, table: GENERIC.table },
  services: { ...SERVICE_RULES, table: GENERIC.table },
};

export function rulesOf({ storedAs }: Resource): KindRules {
  return (storedAs === undefined ? undefined : RULES[storedAs]) ?? GENERIC;
}

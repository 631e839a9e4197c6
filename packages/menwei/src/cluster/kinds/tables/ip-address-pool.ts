import type { Messages } from '../../schema/messages.ts';
import type { TableRules } from '../kind-rules.ts';
import { column, NAME_COLUMN } from './columns.ts';

/** As MetalLB's definition has them: lists as JSON, and no age. */
export const IP_ADDRESS_POOL_TABLE: TableRules<Messages['metallb.v1beta1.IPAddressPool']> = {
  columns: [
    NAME_COLUMN,
    { ...column('Auto Assign'), type: 'boolean' },
    { ...column('Avoid Buggy IPs'), type: 'boolean' },
    column('Addresses'),
  ],
  row: ({ metadata, spec }) => ({
    cells: [
      metadata.name ?? '',
      spec?.autoAssign ?? true,
      spec?.avoidBuggyIPs ?? false,
      JSON.stringify(spec?.addresses ?? []),
    ],
  }),
};

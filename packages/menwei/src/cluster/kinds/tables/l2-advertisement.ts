import type { Messages } from '../../schema/messages.ts';
import type { TableRules } from '../kind-rules.ts';
import { column, NAME_COLUMN } from './columns.ts';

/** As MetalLB's definition has them: lists as JSON, and no age. */
export const L2_ADVERTISEMENT_TABLE: TableRules<Messages['metallb.v1beta1.L2Advertisement']> = {
  columns: [
    NAME_COLUMN,
    column('IPAddressPools'),
    column('IPAddressPool Selectors'),
    column('Interfaces'),
    column('Node Selectors', 1),
  ],
  row: ({ metadata, spec = {} }) => ({
    cells: [
      metadata.name ?? '',
      listed(spec.ipAddressPools),
      listed(spec.ipAddressPoolSelectors),
      listed(spec.interfaces),
      listed(spec.nodeSelectors),
    ],
  }),
};

function listed(values: readonly unknown[] | null | undefined): string {
  return values === undefined || values === null ? '' : JSON.stringify(values);
}

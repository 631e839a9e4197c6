import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns } from './columns.ts';

export const SERVICE_CIDR_TABLE: TableRules<Messages['networking.v1.ServiceCIDR']> = {
  columns: columns('Name', 'CIDRs', 'Age'),
  row: ({ metadata, spec }, nowMs) => ({
    cells: [metadata.name ?? '', (spec?.cidrs ?? []).join(','), formatAge(metadata.creationTimestamp, nowMs)],
  }),
};

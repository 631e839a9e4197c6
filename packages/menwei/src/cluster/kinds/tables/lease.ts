import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns } from './columns.ts';

export const LEASE_TABLE: TableRules<Messages['coordination.v1.Lease']> = {
  columns: columns('Name', 'Holder', 'Age'),
  row: ({ metadata, spec }, nowMs) => ({
    cells: [metadata.name ?? '', spec?.holderIdentity ?? '', formatAge(metadata.creationTimestamp, nowMs)],
  }),
};

import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns } from './columns.ts';

export const SERVICE_ACCOUNT_TABLE: TableRules<Messages['core.v1.ServiceAccount']> = {
  columns: columns('Name', 'Age'),
  row: ({ metadata }, nowMs) => ({
    cells: [metadata.name ?? '', formatAge(metadata.creationTimestamp, nowMs)],
  }),
};

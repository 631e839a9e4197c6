import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns } from './columns.ts';

export const NAMESPACE_TABLE: TableRules<Messages['core.v1.Namespace']> = {
  columns: columns('Name', 'Status', 'Age'),
  row: ({ metadata, status }, nowMs) => ({
    cells: [metadata.name ?? '', status?.phase ?? '', formatAge(metadata.creationTimestamp, nowMs)],
  }),
};

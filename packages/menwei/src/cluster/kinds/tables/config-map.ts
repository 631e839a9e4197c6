import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns } from './columns.ts';

export const CONFIG_MAP_TABLE: TableRules<Messages['core.v1.ConfigMap']> = {
  columns: columns('Name', 'Data', 'Age'),
  row({ metadata, data = {}, binaryData = {} }, nowMs) {
    const count = Object.keys(data).length + Object.keys(binaryData).length;
    return { cells: [metadata.name ?? '', count, formatAge(metadata.creationTimestamp, nowMs)] };
  },
};

import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns, NONE } from './columns.ts';

type IPAddress = Messages['networking.v1.IPAddress'];

/** The reference gives three cells for two columns, so that kubectl does not print the age (CQ-2). Here all have a column. */
export const IP_ADDRESS_TABLE: TableRules<IPAddress> = {
  columns: columns('Name', 'ParentRef', 'Age'),
  row: ({ metadata, spec }, nowMs) => ({
    cells: [metadata.name ?? '', formatParent(spec?.parentRef), formatAge(metadata.creationTimestamp, nowMs)],
  }),
};

/** `services/default/kubernetes` */
function formatParent(parent: Messages['networking.v1.ParentReference'] | undefined): string {
  if (parent === undefined) return NONE;
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  const qualified = (group === '' ? resource : `${resource}.${group}`).toLowerCase();
  return [qualified, ...(namespace === '' ? [] : [namespace]), name].join('/');
}

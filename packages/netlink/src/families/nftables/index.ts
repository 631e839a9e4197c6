/** nf_tables: tables changed in transactions and read as a whole, and news of them. */
export {
  type ApplyOptions,
  type DynamicElement,
  NfTables,
  type Observation,
} from './client.ts';
export * from './constants.ts';
export type { NfTablesClient } from './contract.ts';
export { formatData, formatKey, parseData, parseElement, parseKey } from './element-text.ts';
export { decodeFields, encodeFields, encodeList, encodeRangeKey, type Field } from './fields.ts';
export type * from './model.ts';
export { tableFamily } from './model.ts';
export {
  type ChangeNotification,
  decodeNotification,
  type GenerationNotification,
  type Notification,
} from './notification.ts';
export { openNfTables } from './open.ts';
export { encodeGenerationFilter, encodeTableFilters } from './table-filter.ts';

/** nf_tables as a program sees it: the kernel's (client.ts), or a fake of it. */
import type { NfTables } from './client.ts';

/** Changes and reads the tables of one network namespace. */
export type NfTablesClient = Pick<
  NfTables,
  'portId' | 'apply' | 'observe' | 'observeGeneration' | 'observeDynamicElements'
>;

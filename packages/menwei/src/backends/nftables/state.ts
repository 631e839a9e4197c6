/** What the kernel holds, or must hold, and what leads from one to the other. */
import type { Bytes, TableContent, Transaction } from '@menwei/netlink/nftables';

interface TableState extends TableContent {
  /** Of the ruleset when the table was observed. */
  readonly generation?: number;
}

/** The table, a part of it that is compared with the same part, or nothing. */
export type NftablesState = TableState | undefined;

/** What goes when a table changes, or a part of it that has all of some Services. */
export interface Parting {
  /** By the map of clients: endpoints that nothing leads to any more. */
  readonly endpoints: ReadonlyMap<string, ReadonlySet<Bytes>>;
  /** Maps that go themselves, and their clients with them. */
  readonly maps: readonly string[];
}

export interface NftablesChanges {
  readonly transaction: Transaction;
  /** Of the ruleset that they were made for; undefined: of what was not observed. */
  readonly generation: number | undefined;
  /** What session affinity has to forget once they are made. */
  readonly parting: Parting;
}

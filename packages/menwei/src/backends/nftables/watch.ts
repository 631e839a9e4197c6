/** Hears from the kernel what somebody else does to the table (spec § 5.6 has no such thing: upstream waits an hour). */

import {
  encodePortFilter,
  KernelError,
  listen,
  NETLINK_NETFILTER,
  type NetlinkMessage,
} from '@menwei/netlink';
import {
  decodeNotification,
  encodeTableFilters,
  NFNLGRP_NFTABLES,
  type Notification,
  type TableName,
} from '@menwei/netlink/nftables';
import { firstOf } from '../../log/first-lines.ts';

/** Of a transaction that did many things, so many are told. */
const TOLD_CHANGES = 3;
const DELETED_TABLE = 'deleted table';

interface TableWatch {
  readonly table: TableName;
  /** Port ids of the connections whose transactions are our own, in whatever family. */
  readonly ownPorts: readonly number[];
  /** Somebody changed the table; `what` says what, and who, as far as the kernel knows. */
  changed(what: string): void;
  /** From now on nothing is missed. */
  ready(): void;
}

/** Until the signal ends it. Throws KernelError. */
export async function watchTable(watch: TableWatch, signal: AbortSignal): Promise<void> {
  const { table, ownPorts, changed, ready } = watch;
  const news = new TableNews(table, changed);
  await listen(
    NETLINK_NETFILTER,
    [NFNLGRP_NFTABLES],
    {
      filters: [...encodeTableFilters(table, ownPorts), encodePortFilter(ownPorts)],
      onDatagram: (messages) => {
        // Where there is too little memory for a filter, the news of our own comes here, too.
        for (const message of messages) if (!ownPorts.includes(message.port)) news.take(message);
      },
      onLost: () => changed('netlink notifications were lost (ENOBUFS)'),
      ready,
    },
    signal,
  );
}

/** The kernel tells change by change, and at the end of a transaction by whom it was. */
class TableNews {
  readonly #table: TableName;
  readonly #changed: (what: string) => void;
  #changes: string[] = [];

  constructor(table: TableName, changed: (what: string) => void) {
    this.#table = table;
    this.#changed = changed;
  }

  /** What can't be understood may be about the table. */
  take(message: NetlinkMessage): void {
    let news: Notification | undefined;
    try {
      news = decodeNotification(message);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.#changed(`a netlink notification can't be decoded (${error.message})`);
      return;
    }
    if (news === undefined) return;
    if ('what' in news) {
      const { table, what } = news;
      if (table?.family === this.#table.family && table.name === this.#table.name) this.#changes.push(what);
      return;
    }
    if (this.#changes.length === 0) return;
    // All that was in a table goes with it.
    const changes = this.#changes.includes(DELETED_TABLE) ? [DELETED_TABLE] : this.#changes;
    const by =
      news.processId === undefined ? 'another program' : `${news.processName} (process ${news.processId})`;
    this.#changes = [];
    this.#changed(`${by} ${firstOf(changes, TOLD_CHANGES, 'changes')}`);
  }
}

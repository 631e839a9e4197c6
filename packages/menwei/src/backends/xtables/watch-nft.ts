/**
 * The tables of the nf_tables variant of the tools: the kernel tells of every change, and by whom it was. What our own tools
 * do is told, too, and known by the number of their process, which is that of their netlink port.
 *
 * A large change overflows the queue. So there is a second one, with nothing in it but the end of each transaction: if all
 * that came meanwhile were our own, nothing is lost that anybody would miss.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { type ChainId, chainId, TABLES, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import {
  KernelError,
  listen,
  listenOn,
  NETLINK_NETFILTER,
  type NetlinkMessage,
  type NetlinkSocket,
  openListeningSocket,
} from '@menwei/netlink';
import {
  decodeNotification,
  encodeGenerationFilter,
  encodeTableFilters,
  NFNLGRP_NFTABLES,
  type TableFamily,
  tableFamily,
} from '@menwei/netlink/nftables';
import { pause } from '../../scheduling/pause.ts';
import { type ForeignChanges, type Suspicion, UNKNOWN_PROGRAM } from './foreign-changes.ts';
import { RecentPrograms } from './recent-programs.ts';

/** For more of the same to come; and in all, where it does not end. */
const SETTLE_MS = 100;
const LONGEST_SETTLE_MS = 500;

interface NftChangesOptions {
  readonly tools: Pick<IptablesTools, 'hasRun'>;
  readonly family: IpFamily;
}

/** What came from one netlink port. */
interface Changed {
  readonly chains: Set<ChainId>;
  /** Something else than chains, so that any of them may be gone. */
  isAll: boolean;
}

export class NftChanges implements ForeignChanges {
  readonly #options: NftChangesOptions;
  readonly #family: TableFamily;
  /** Hears of transactions since before all was read for the first time. */
  #transactionSocket: NetlinkSocket | undefined;
  /** By netlink port. */
  #changed = new Map<number, Changed>();
  readonly #programs = new RecentPrograms();
  /** What some transactions have changed was not heard. */
  #isLost = false;
  #isAll = false;
  #wake: () => void = () => undefined;

  constructor(options: NftChangesOptions) {
    this.#options = options;
    this.#family = tableFamily(options.family);
  }

  reading(): void {
    this.#transactionSocket ??= this.#openTransactions();
  }

  read(): void {
    // Nothing is read at intervals.
  }

  async changing<T>(work: () => Promise<T>): Promise<T> {
    return await work();
  }

  async follow(signal: AbortSignal): Promise<void> {
    const family = this.#family;
    this.reading();
    if (this.#transactionSocket === undefined) this.#isAll = true;
    const end = new AbortController();
    const ended = AbortSignal.any([signal, end.signal]);
    const changes = listen(
      NETLINK_NETFILTER,
      [NFNLGRP_NFTABLES],
      {
        filters: encodeTableFilters({ family }, []),
        onDatagram: (messages) => this.#noteChanges(messages),
        onLost: () => this.#lose(),
        // What was changed before is not known, only who has changed anything.
        ready: () => this.#lose(),
      },
      ended,
    );
    try {
      await Promise.all([this.#followTransactions(ended), changes]);
    } finally {
      end.abort();
      this.close();
    }
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isAnything()) await this.#news(Number.POSITIVE_INFINITY, signal);
    const startedMs = performance.now();
    while (!signal.aborted && performance.now() - startedMs < LONGEST_SETTLE_MS) {
      if (!(await this.#news(SETTLE_MS, signal))) return;
    }
  }

  take(): Suspicion | undefined {
    const [changed, programs] = [this.#changed, this.#programs.take()];
    const isForeign = (port: number) => !this.#options.tools.hasRun(port);
    const foreign = [...changed].filter(([port]) => isForeign(port));
    const isEverywhere =
      this.#isAll ||
      (this.#isLost && [...programs.keys()].some(isForeign)) ||
      foreign.some(([, { isAll }]) => isAll);
    this.#changed = new Map();
    this.#isLost = false;
    this.#isAll = false;
    if (!isEverywhere && foreign.length === 0) return undefined;
    const changes = foreign.map(([port, { chains }]) => {
      return { by: programs.get(port) ?? UNKNOWN_PROGRAM, chains: [...chains] };
    });
    return { isEverywhere, changes };
  }

  compared(): void {
    // It is asked for only where it has to be.
  }

  giveBack({ isEverywhere, changes }: Suspicion): void {
    if (isEverywhere) this.#suspectAll();
    for (const [index, { by, chains }] of changes.entries()) {
      // A port that nobody has.
      const port = -1 - index;
      this.#programs.note(port, by);
      this.#changedBy(port, (changed) => chains.forEach((chain) => void changed.chains.add(chain)));
    }
  }

  close(): void {
    this.#transactionSocket?.[Symbol.dispose]();
    this.#transactionSocket = undefined;
  }

  async #followTransactions(signal: AbortSignal): Promise<void> {
    const socket = this.#transactionSocket ?? openTransactions();
    this.#transactionSocket = socket;
    const listener = {
      onDatagram: (messages: readonly NetlinkMessage[]) => this.#noteTransactions(messages),
      onLost: () => this.#suspectAll(),
    };
    await listenOn(socket, listener, signal);
  }

  /** Undefined where it can't be had. */
  #openTransactions(): NetlinkSocket | undefined {
    try {
      return openTransactions();
    } catch (error) {
      if (error instanceof KernelError) return undefined;
      throw error;
    }
  }

  #noteTransactions(messages: readonly NetlinkMessage[]): void {
    for (const message of messages) {
      const news = this.#decode(message);
      if (news === undefined || 'what' in news) continue;
      const { processId, processName } = news;
      this.#programs.note(
        message.port,
        processId === undefined ? UNKNOWN_PROGRAM : `${processName} (process ${processId})`,
      );
    }
    if (this.#isLost || this.#changed.size > 0) this.#wake();
  }

  #noteChanges(messages: readonly NetlinkMessage[]): void {
    for (const message of messages) {
      const news = this.#decode(message);
      if (news === undefined || !('what' in news) || news.table?.family !== this.#family) continue;
      const table = TABLES.find((each): each is Table => each === news.table?.name);
      if (table === undefined) continue;
      this.#changedBy(message.port, (changed) => {
        if (news.chain === undefined) changed.isAll = true;
        else changed.chains.add(chainId(table, news.chain));
      });
    }
  }

  #decode(message: NetlinkMessage): ReturnType<typeof decodeNotification> {
    try {
      return decodeNotification(message);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.#suspectAll();
      return undefined;
    }
  }

  #changedBy(port: number, note: (changed: Changed) => void): void {
    const changed = this.#changed.get(port) ?? { chains: new Set(), isAll: false };
    this.#changed.set(port, changed);
    note(changed);
    this.#wake();
  }

  #lose(): void {
    this.#isLost = true;
    this.#wake();
  }

  #suspectAll(): void {
    this.#isAll = true;
    this.#wake();
  }

  #isAnything(): boolean {
    return this.#isAll || this.#isLost || this.#changed.size > 0;
  }

  /** Whether any came within the time. */
  async #news(withinMs: number, signal: AbortSignal): Promise<boolean> {
    let hasCome = false;
    await pause(withinMs, signal, (wake) => {
      this.#wake = () => {
        hasCome = true;
        wake();
      };
    });
    this.#wake = () => undefined;
    return hasCome;
  }
}

function openTransactions(): NetlinkSocket {
  return openListeningSocket(NETLINK_NETFILTER, [NFNLGRP_NFTABLES], [encodeGenerationFilter()]);
}

/**
 * The kernel's conntrack table (net/netfilter/nf_conntrack_netlink.c). The kernel cannot delete by address, so it is asked for
 * the entries that match a filter, and then told of each one that has to go.
 *
 * Listing makes the kernel walk over its whole table, all network namespaces' entries and both directions of each: about
 * 40 ms for 100,000 entries. What matches costs 3 µs an entry on top of that. The event loop does not wait for it.
 */
import { constants, release } from 'node:os';
import type { IpFamily } from '../../address.ts';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { NETLINK_NETFILTER } from '../../netlink-protocols.ts';
import { openNetlinkTransport } from '../../transport.ts';
import { IPCTNL_MSG_CT } from './constants.ts';
import type { ConntrackEntry, SourcedConntrackEntry } from './contract.ts';
import { Deletions, isStillUnreplied } from './deletion.ts';
import {
  type ConntrackFilter,
  formatFilter,
  type KernelFilter,
  kernelFilter,
  matchesFilter,
} from './filter.ts';
import { type ConntrackTransport, type EntryList, listEntries } from './listing.ts';
import { type EntryReader, encodeListing } from './message.ts';

const { EINVAL, EOPNOTSUPP } = constants.errno;
/** For memory's sake: some megabytes. */
const MAX_ANSWERS = 20_000;

/** Must not depend on anything else than what an entry says of itself. */
export type ConntrackPredicate = (entry: ConntrackEntry) => boolean;

/** The entries of one network namespace and IP family. Methods throw KernelError, or the signal's reason. */
export class ConntrackTable {
  readonly #family: IpFamily;
  readonly #open: () => ConntrackTransport;

  /** @param open makes a socket, which is closed after one operation; by default in the calling thread's namespace */
  constructor(
    family: IpFamily,
    open: () => ConntrackTransport = () => openNetlinkTransport(NETLINK_NETFILTER),
  ) {
    this.#family = family;
    this.#open = open;
  }

  /** The entries of TCP, UDP and SCTP that match the filter, or all; what changes meanwhile may be missing. */
  async observe(signal: AbortSignal, filter?: ConntrackFilter): Promise<readonly SourcedConntrackEntry[]> {
    const found: SourcedConntrackEntry[] = [];
    using socket = this.#open();
    for await (const entries of this.#list(socket, filter, signal)) {
      for (const reader of entries) {
        const entry = reader.decodeWithSource();
        // The kernel may list others, too.
        if (filter === undefined || matchesFilter(filter, entry)) found.push(entry);
      }
    }
    return found;
  }

  /**
   * Deletes the entries that match the filter and are chosen; returns how many were there to be deleted. One that nobody had
   * answered is looked at again, right before: listing takes time.
   */
  async applyDeletion(
    filter: ConntrackFilter,
    isChosen: ConntrackPredicate,
    signal: AbortSignal,
  ): Promise<number> {
    // The kernel may list others, too.
    const isWanted = askOnce((entry) => matchesFilter(filter, entry) && isChosen(entry));
    const isToGo = (entry: EntryReader) =>
      isWanted(entry) && (filter.isUnreplied !== true || isStillUnreplied(this.#family, connection, entry));
    using connection = new NetlinkConnection(this.#open());
    const deletions = new Deletions(this.#family, connection);
    using socket = this.#open();
    for await (const entries of this.#list(socket, filter, signal)) {
      for (const entry of entries) if (isToGo(entry)) deletions.add(entry);
      await deletions.apply();
    }
    return deletions.result();
  }

  async *#list(
    socket: ConntrackTransport,
    filter: ConntrackFilter | undefined,
    signal: AbortSignal,
  ): EntryList {
    const list = (sequence: number, by: KernelFilter | undefined) => {
      const request = {
        operation: 'list',
        object: `${this.#family} conntrack entries${filter === undefined ? '' : ` ${formatFilter(filter)}`}`,
        type: IPCTNL_MSG_CT.GET,
        write: (writer: MessageWriter) => encodeListing(writer, this.#family, by),
      };
      return listEntries(socket, request, sequence, signal);
    };
    if (filter === undefined) {
      yield* list(1, undefined);
      return;
    }
    try {
      yield* list(1, kernelFilter(filter, this.#family, release()));
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      yield* list(2, undefined);
    }
  }
}

/** Only a listing with a filter can fail so, where the kernel makes no use of such a filter. */
function isUnsupported(error: unknown): boolean {
  return error instanceof KernelError && (error.errno === EINVAL || error.errno === EOPNOTSUPP);
}

/** Most entries differ only in where they come from: about each other difference it is asked once. */
function askOnce(isChosen: ConntrackPredicate): (entry: EntryReader) => boolean {
  const answers = new Map<string, boolean>();
  return (entry) => {
    const { key } = entry;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = isChosen(entry.decode());
    if (answers.size >= MAX_ANSWERS) answers.clear();
    answers.set(key, answer);
    return answer;
  };
}

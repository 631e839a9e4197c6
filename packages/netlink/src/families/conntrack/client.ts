/**
 * The kernel's conntrack table (net/netfilter/nf_conntrack_netlink.c), for deleting some of them. The kernel cannot delete by
 * address, so it is asked for those that match a filter, and then told of each one that has to go.
 *
 * Listing makes the kernel walk over its whole table, all network namespaces' entries and both directions of each: about
 * 40 ms for 100,000 entries. What matches costs 3 µs an entry on top of that. The event loop does not wait for it.
 */
import { constants, release } from 'node:os';
import type { IpFamily } from '../../address.ts';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import type { MessageWriter } from '../../message-writer.ts';
import type { ConntrackEntry } from './contract.ts';
import { Deletions } from './deletion.ts';
import {
  type ConntrackFilter,
  formatFilter,
  type KernelFilter,
  kernelFilter,
  matchesFilter,
} from './filter.ts';
import { type EntryList, listEntries } from './listing.ts';
import { CT_GET, type EntryReader, encodeListing } from './message.ts';
import type { ConntrackSocket } from './socket.ts';

const { EINVAL, EOPNOTSUPP } = constants.errno;
/** For memory's sake: some megabytes. */
const MAX_ANSWERS = 20_000;

/** Must not depend on anything else than what an entry says of itself. */
export type ConntrackPredicate = (entry: ConntrackEntry) => boolean;

/** The entries of one network namespace and IP family. Methods throw KernelError, or the signal's reason. */
export class ConntrackTable {
  readonly #family: IpFamily;
  readonly #open: () => ConntrackSocket;

  /** @param open makes a socket, which is closed after one operation */
  constructor(family: IpFamily, open: () => ConntrackSocket) {
    this.#family = family;
    this.#open = open;
  }

  /** Deletes the entries that match the filter and are chosen; returns how many were there to be deleted. */
  async applyDeletion(
    filter: ConntrackFilter,
    isChosen: ConntrackPredicate,
    signal: AbortSignal,
  ): Promise<number> {
    // The kernel may list others, too.
    const isWanted = askOnce((entry) => matchesFilter(filter, entry) && isChosen(entry));
    using connection = new NetlinkConnection(this.#open());
    const deletions = new Deletions(this.#family, connection);
    using socket = this.#open();
    for await (const entries of this.#list(socket, filter, signal)) {
      for (const entry of entries) if (isWanted(entry)) deletions.add(entry);
      await deletions.apply();
    }
    return deletions.result();
  }

  async *#list(socket: ConntrackSocket, filter: ConntrackFilter, signal: AbortSignal): EntryList {
    const list = (sequence: number, by: KernelFilter | undefined) => {
      const request = {
        operation: 'list',
        object: `${this.#family} conntrack entries ${formatFilter(filter)}`,
        type: CT_GET,
        write: (writer: MessageWriter) => encodeListing(writer, this.#family, by),
      };
      return listEntries(socket, request, sequence, signal);
    };
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

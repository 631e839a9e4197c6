/**
 * The kernel's table of flows (net/netfilter/nf_conntrack_netlink.c), for deleting some of them. The kernel cannot delete by
 * address, so it is asked for those that match a filter, and then told of each one that has to go.
 *
 * Listing makes the kernel walk over its whole table, all network namespaces' flows and both directions of each: about
 * 40 ms for 100,000 flows. What matches costs 3 µs a flow on top of that. The event loop does not wait for it.
 */
import { constants, release } from 'node:os';
import type { IpFamily } from '../../address.ts';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { CT_GET, encodeListing, type FlowReader } from './codec.ts';
import { FlowDeletions } from './deletion.ts';
import { type FlowFilter, formatFilter, type KernelFilter, kernelFilter, matchesFilter } from './filter.ts';
import type { Flow } from './flow.ts';
import { type FlowList, listFlows } from './listing.ts';
import type { FlowSocket } from './socket.ts';

const { EINVAL, EOPNOTSUPP } = constants.errno;
/** For memory's sake: some megabytes. */
const MAX_ANSWERS = 20_000;

/** Must not depend on anything else than what a flow says of itself. */
export type FlowPredicate = (flow: Flow) => boolean;

/** The flows of one network namespace and IP family. Methods throw KernelError, or the signal's reason. */
export class FlowTable {
  readonly #family: IpFamily;
  readonly #open: () => FlowSocket;

  /** @param open makes a socket, which is closed after one operation */
  constructor(family: IpFamily, open: () => FlowSocket) {
    this.#family = family;
    this.#open = open;
  }

  /** Deletes the flows that match the filter and are chosen; returns how many were there to be deleted. */
  async applyDeletion(filter: FlowFilter, isChosen: FlowPredicate, signal: AbortSignal): Promise<number> {
    // The kernel may list others, too.
    const isWanted = askOnce((flow) => matchesFilter(filter, flow) && isChosen(flow));
    using connection = new NetlinkConnection(this.#open());
    const deletions = new FlowDeletions(this.#family, connection);
    using socket = this.#open();
    for await (const flows of this.#list(socket, filter, signal)) {
      for (const flow of flows) if (isWanted(flow)) deletions.add(flow);
      await deletions.apply();
    }
    return deletions.result();
  }

  async *#list(socket: FlowSocket, filter: FlowFilter, signal: AbortSignal): FlowList {
    const list = (sequence: number, by: KernelFilter | undefined) => {
      const request = {
        operation: 'list',
        object: `${this.#family} flows ${formatFilter(filter)}`,
        type: CT_GET,
        write: (writer: MessageWriter) => encodeListing(writer, this.#family, by),
      };
      return listFlows(socket, request, sequence, signal);
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

/** Most flows differ only in where they come from: about each other difference it is asked once. */
function askOnce(isChosen: FlowPredicate): (flow: FlowReader) => boolean {
  const answers = new Map<string, boolean>();
  return (flow) => {
    const { key } = flow;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = isChosen(flow.decode());
    if (answers.size >= MAX_ANSWERS) answers.clear();
    answers.set(key, answer);
    return answer;
  };
}

/**
 * The kernel's table of flows (net/netfilter/nf_conntrack_netlink.c), for deleting some of them. The kernel cannot delete by
 * address, so it is asked for those that match a filter, and then told of each one that has to go.
 *
 * Listing makes the kernel walk over its whole table, all network namespaces' flows and both directions of each: about
 * 40 ms for 100,000 flows. What matches costs 3 µs a flow on top of that. The event loop does not wait for it.
 */
import { constants, release } from 'node:os';
import type { IpFamily } from '../../addresses/ip.ts';
import { KernelError } from '../kernel-error.ts';
import { NetlinkConnection } from './connection.ts';
import { CT_GET, encodeListing, type FlowReader } from './conntrack-codec.ts';
import { FlowDeletions } from './conntrack-deletion.ts';
import {
  type FlowFilter,
  formatFilter,
  type KernelFilter,
  kernelFilter,
  matchesFilter,
} from './conntrack-filter.ts';
import type { Flow } from './conntrack-flow.ts';
import { listFlows } from './conntrack-listing.ts';
import type { FlowSocket } from './conntrack-socket.ts';

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
    using socket = this.#open();
    const connection = new NetlinkConnection(socket);
    const deletions = new FlowDeletions(this.#family, connection);
    const asked = kernelFilter(filter, this.#family, release());
    // The kernel may list others, too.
    const isWanted = askOnce((flow) => matchesFilter(filter, flow) && isChosen(flow));
    const list = (by: KernelFilter | undefined) =>
      listFlows({
        socket,
        request: {
          operation: 'list',
          object: `${this.#family} flows ${formatFilter(filter)}`,
          type: CT_GET,
          write: (writer) => encodeListing(writer, this.#family, by),
        },
        sequence: connection.takeSequences(1),
        take: (flow) => {
          if (isWanted(flow)) deletions.add(flow);
        },
        signal,
      });
    await list(asked).catch((error: unknown) => {
      if (!isUnsupported(error)) throw error;
      return list(undefined);
    });
    return await deletions.apply(signal);
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

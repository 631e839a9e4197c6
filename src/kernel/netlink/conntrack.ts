/**
 * The kernel's table of flows (net/netfilter/nf_conntrack_netlink.c), for deleting some of them. The kernel cannot delete by
 * address, so it is asked for those that match a filter, and then told of each one that has to go.
 *
 * Listing makes the kernel walk over its whole table, all network namespaces' flows and both directions of each: about
 * 35 ms for 100,000 flows. What matches costs 3 µs a flow on top of that.
 */
import { constants, release } from 'node:os';
import type { IpFamily } from '../../addresses/ip.ts';
import { KernelError } from '../kernel-error.ts';
import { type DumpReader, type ExchangeAnswer, NetlinkConnection } from './connection.ts';
import {
  CT_DELETE,
  CT_GET,
  encodeFamily,
  encodeListing,
  FlowReader,
  formatDeletion,
} from './conntrack-codec.ts';
import {
  type FlowFilter,
  formatFilter,
  type KernelFilter,
  kernelFilter,
  matchesFilter,
} from './conntrack-filter.ts';
import type { Flow } from './conntrack-flow.ts';
import { decodeMessages, type NetlinkMessage, NLM_F_REQUEST } from './message.ts';
import { MessageWriter } from './message-writer.ts';
import type { NetlinkTransport } from './transport.ts';

const { EINVAL, ENOENT, EOPNOTSUPP } = constants.errno;
/** Deletions in one datagram: some milliseconds of the kernel's time. */
const BATCH_SIZE = 256 * 1024;
/** For memory's sake: some megabytes. */
const MAX_CHOICES = 20_000;

/** Must not depend on anything else than what a flow says of itself. */
export type FlowPredicate = (flow: Flow) => boolean;

/** The flows of one network namespace and IP family. Methods throw KernelError, or the signal's reason. */
export class FlowTable {
  readonly #family: IpFamily;
  readonly #open: () => NetlinkTransport;

  /** @param open makes a transport to NETLINK_NETFILTER; it is closed after each operation */
  constructor(family: IpFamily, open: () => NetlinkTransport) {
    this.#family = family;
    this.#open = open;
  }

  /** Deletes the flows that match the filter and are chosen; returns how many were still there to be deleted. */
  async applyDeletion(filter: FlowFilter, isChosen: FlowPredicate, signal: AbortSignal): Promise<number> {
    using connection = new NetlinkConnection(this.#open());
    let deleted = 0;
    let refusal: KernelError | undefined;
    for (const batch of await this.#choose(connection, filter, isChosen, signal)) {
      signal.throwIfAborted();
      const result = await batch.apply(connection);
      deleted += result.deleted;
      refusal ??= result.refusal;
    }
    if (refusal !== undefined) throw refusal;
    return deleted;
  }

  async #choose(
    connection: NetlinkConnection,
    filter: FlowFilter,
    isChosen: FlowPredicate,
    signal: AbortSignal,
  ): Promise<readonly DeletionBatch[]> {
    const list = (by?: KernelFilter) => ({
      operation: 'list',
      object: `${this.#family} flows ${formatFilter(filter)}`,
      type: CT_GET,
      write: (writer: MessageWriter) => encodeListing(writer, this.#family, by),
    });
    const takeSequence = () => connection.takeSequences(1);
    // The kernel may list others, too.
    const isWanted = (flow: Flow) => matchesFilter(filter, flow) && isChosen(flow);
    const start = () => new FlowChooser(this.#family, isWanted, takeSequence);
    try {
      return await connection.dump(list(kernelFilter(filter, this.#family, release())), start, signal);
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      return await connection.dump(list(), start, signal);
    }
  }
}

/** Only a listing with a filter can fail so, where the kernel makes no use of such a filter. */
function isUnsupported(error: unknown): boolean {
  return error instanceof KernelError && (error.errno === EINVAL || error.errno === EOPNOTSUPP);
}

/** Turns listed flows into requests to delete them, at once: nothing of a flow is kept but those bytes. */
class FlowChooser implements DumpReader<readonly DeletionBatch[]> {
  readonly #family: IpFamily;
  readonly #isChosen: FlowPredicate;
  readonly #takeSequence: () => number;
  readonly #flow = new FlowReader();
  /** Most flows differ only in where they come from: each other difference is asked about once. */
  readonly #choices = new Map<string, boolean>();
  readonly #batches: DeletionBatch[] = [];

  constructor(family: IpFamily, isChosen: FlowPredicate, takeSequence: () => number) {
    this.#family = family;
    this.#isChosen = isChosen;
    this.#takeSequence = takeSequence;
  }

  read({ payload }: NetlinkMessage): void {
    if (!this.#flow.read(payload) || !this.#choose()) return;
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.isFull) {
      batch = new DeletionBatch(this.#family);
      this.#batches.push(batch);
    }
    batch.add(this.#flow, this.#takeSequence());
  }

  result(): readonly DeletionBatch[] {
    return this.#batches;
  }

  #choose(): boolean {
    const { key } = this.#flow;
    const known = this.#choices.get(key);
    if (known !== undefined) return known;
    const choice = this.#isChosen(this.#flow.decode());
    if (this.#choices.size >= MAX_CHOICES) this.#choices.clear();
    this.#choices.set(key, choice);
    return choice;
  }
}

class DeletionBatch {
  readonly #family: IpFamily;
  readonly #writer = new MessageWriter();
  #count = 0;

  constructor(family: IpFamily) {
    this.#family = family;
  }

  get isFull(): boolean {
    return this.#writer.size >= BATCH_SIZE;
  }

  add(flow: FlowReader, sequence: number): void {
    const start = this.#writer.beginMessage(CT_DELETE, NLM_F_REQUEST, sequence);
    encodeFamily(this.#writer, this.#family);
    flow.writeIdentity(this.#writer);
    this.#writer.endMessage(start);
    this.#count++;
  }

  /** Only refusals are answered. */
  async apply(connection: NetlinkConnection): Promise<BatchResult> {
    const answers = await connection.exchange(this.#writer.bytes());
    const refusal = answers.find(({ errno }) => errno !== 0 && errno !== ENOENT);
    return {
      deleted: this.#count - answers.filter(({ errno }) => errno !== 0).length,
      refusal: refusal && this.#refused(refusal),
    };
  }

  #refused({ sequence, detail, errno }: ExchangeAnswer): KernelError {
    const message = decodeMessages(this.#writer.bytes()).find((each) => each.sequence === sequence);
    const flow = message === undefined ? 'flow' : `flow ${formatDeletion(message.payload)}`;
    return new KernelError({ operation: 'delete', object: `${this.#family} ${flow}`, detail, errno });
  }
}

interface BatchResult {
  readonly deleted: number;
  /** Why the first flow that is still there was not deleted. */
  readonly refusal: KernelError | undefined;
}

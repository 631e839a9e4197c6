/** A table of entries without a kernel. Only tests import this file. */
import { parseDump } from '@menwei/netfilter/conntrack/parse.ts';
import { type ConntrackEntry, type ConntrackFilter, matchesFilter } from '@menwei/netlink/conntrack';

const PROTOCOLS = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const;

export class FakeConntrackTable {
  /**
   * A table that holds what `conntrack -L` printed somewhere else, so that a report of a fault becomes a test.
   *
   * @throws UnreadableError where it is no such listing
   */
  static fromDump(text: string): FakeConntrackTable {
    const table = new FakeConntrackTable();
    table.entries = parseDump(text).map(({ protocol, original, reply }) => ({
      protocol: PROTOCOLS[protocol],
      destination: original.destination,
      replySource: reply.source,
    }));
    return table;
  }

  entries: readonly ConntrackEntry[] = [];
  /** What was asked for. */
  readonly filters: ConntrackFilter[] = [];
  /** Thrown by the next deletion. */
  failure: Error | undefined;

  async applyDeletion(
    filter: ConntrackFilter,
    isChosen: (entry: ConntrackEntry) => boolean,
  ): Promise<number> {
    this.filters.push(filter);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => !matchesFilter(filter, entry) || !isChosen(entry));
    return before - this.entries.length;
  }
}

/** `172.30.0.1:53 → 10.0.0.1:5353`, or an address alone for an entry that was not translated; UDP unless said otherwise. */
export function anEntry(text: string, protocol: ConntrackEntry['protocol'] = 'UDP'): ConntrackEntry {
  const [destination = '', replySource = destination] = text.split(' → ');
  return { protocol, destination: parseEnd(destination), replySource: parseEnd(replySource) };
}

function parseEnd(text: string): ConntrackEntry['destination'] {
  const [, ip = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return { ip, port: Number(port) };
}

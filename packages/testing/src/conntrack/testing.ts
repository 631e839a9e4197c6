/** A table of flows without a kernel. Only tests import this file. */
import { type ConntrackEntry, type ConntrackFilter, matchesFilter } from '@menwei/netlink/conntrack';

export class FakeFlowTable {
  flows: readonly ConntrackEntry[] = [];
  /** What was asked for. */
  readonly filters: ConntrackFilter[] = [];
  /** Thrown by the next deletion. */
  failure: Error | undefined;

  async applyDeletion(filter: ConntrackFilter, isChosen: (flow: ConntrackEntry) => boolean): Promise<number> {
    this.filters.push(filter);
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    const before = this.flows.length;
    this.flows = this.flows.filter((flow) => !matchesFilter(filter, flow) || !isChosen(flow));
    return before - this.flows.length;
  }
}

/** `172.30.0.1:53 → 10.0.0.1:5353`, or an address alone for a flow that was not translated; UDP unless said otherwise. */
export function aFlow(text: string, protocol: ConntrackEntry['protocol'] = 'UDP'): ConntrackEntry {
  const [destination = '', replySource = destination] = text.split(' → ');
  return { protocol, destination: parseEnd(destination), replySource: parseEnd(replySource) };
}

function parseEnd(text: string): ConntrackEntry['destination'] {
  const [, ip = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return { ip, port: Number(port) };
}

/** Flows that nobody sent a packet of, for tests and benchmarks. Only they import this file. */
import type { IpFamily } from '../address.ts';
import { type DumpReader, NetlinkConnection } from '../connection.ts';
import {
  CT_GET,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_REPLY,
  encodeFamily,
  encodeListing,
  encodeTuple,
  FlowReader,
} from '../families/conntrack/codec.ts';
import type { KernelFilter } from '../families/conntrack/filter.ts';
import type { Flow, FlowEnd } from '../families/conntrack/flow.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from '../message.ts';
import { MessageWriter } from '../message-writer.ts';
import { NETLINK_NETFILTER, openNetlinkTransport } from '../transport.ts';

const CT_NEW = 1 << 8;
const CTA_STATUS = 3;
const CTA_TIMEOUT = 7;
/** IPS_SEEN_REPLY, IPS_ASSURED and IPS_CONFIRMED (linux/netfilter/nf_conntrack_common.h). */
const STATUS = (1 << 1) | (1 << 2) | (1 << 3);
const TIMEOUT_SECONDS = 600;
const BATCH_SIZE = 500;

/** A flow and where it came from. */
export interface SourcedFlow extends Flow {
  readonly source: FlowEnd;
}

/** Puts flows into the table of the calling thread's network namespace. */
export async function createFlows(family: IpFamily, flows: readonly SourcedFlow[]): Promise<void> {
  using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
  for (let start = 0; start < flows.length; start += BATCH_SIZE) {
    const batch = flows.slice(start, start + BATCH_SIZE);
    const first = connection.takeSequences(batch.length);
    const writer = new MessageWriter();
    for (const [index, flow] of batch.entries()) encodeCreation(writer, family, flow, first + index);
    const [refusal] = (await connection.exchange(writer.bytes())).filter(({ errno }) => errno !== 0);
    const refused = refusal && batch[refusal.sequence - first];
    if (refused !== undefined) throw new Error(`create ${JSON.stringify(refused)}: ${refusal?.detail}`);
  }
}

function encodeCreation(writer: MessageWriter, family: IpFamily, flow: SourcedFlow, sequence: number): void {
  const { protocol, source, destination, replySource } = flow;
  const start = writer.beginMessage(CT_NEW, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, sequence);
  encodeFamily(writer, family);
  encodeTuple(writer, CTA_TUPLE_ORIG, family, protocol, { source, destination });
  encodeTuple(writer, CTA_TUPLE_REPLY, family, protocol, { source: replySource, destination: source });
  writer.u32be(CTA_TIMEOUT, TIMEOUT_SECONDS);
  writer.u32be(CTA_STATUS, STATUS);
  writer.endMessage(start);
}

/** All flows of the calling thread's network namespace, or those that the kernel takes for a match. */
export async function observeFlows(family: IpFamily, filter?: KernelFilter): Promise<readonly Flow[]> {
  using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
  const start = (): DumpReader<readonly Flow[]> => {
    const flows: Flow[] = [];
    const flow = new FlowReader();
    return {
      read({ payload }) {
        if (flow.read(payload)) flows.push(flow.decode());
      },
      result: () => flows,
    };
  };
  const write = (writer: MessageWriter) => encodeListing(writer, family, filter);
  return await connection.dump({ operation: 'list', object: 'flows', type: CT_GET, write }, start);
}

/** Conntrack entries that nobody sent a packet of, for tests and benchmarks. Only they import this file. */
import type { IpFamily } from '../address.ts';
import { NetlinkConnection } from '../connection.ts';
import {
  CTA,
  CTA_PROTOINFO,
  CTA_PROTOINFO_TCP,
  IPCTNL_MSG_CT,
  SEEN_REPLY,
  TCP_SYN_SENT,
} from '../families/conntrack/constants.ts';
import type { SourcedConntrackEntry } from '../families/conntrack/contract.ts';
import { encodeFamily, encodeTuple } from '../families/conntrack/message.ts';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST } from '../message.ts';
import { MessageWriter } from '../message-writer.ts';
import { NETLINK_NETFILTER } from '../netlink-protocols.ts';
import { openNetlinkTransport } from '../transport.ts';

/** IPS_ASSURED and IPS_CONFIRMED (linux/netfilter/nf_conntrack_common.h). */
const ASSURED = 1 << 2;
const CONFIRMED = 1 << 3;
const TCP_ESTABLISHED = 3;
const TIMEOUT_SECONDS = 600;
const BATCH_SIZE = 500;

/** Puts entries into the table of the calling thread's network namespace. */
export async function createConntrackEntries(
  family: IpFamily,
  entries: readonly SourcedConntrackEntry[],
): Promise<void> {
  using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
  for (let start = 0; start < entries.length; start += BATCH_SIZE) {
    const batch = entries.slice(start, start + BATCH_SIZE);
    const first = connection.takeSequences(batch.length);
    const writer = new MessageWriter();
    for (const [index, entry] of batch.entries()) encodeCreation(writer, family, entry, first + index);
    const [refusal] = (await connection.exchange(writer.bytes())).filter(({ errno }) => errno !== 0);
    const refused = refusal && batch[refusal.sequence - first];
    if (refused !== undefined) throw new Error(`create ${JSON.stringify(refused)}: ${refusal?.detail}`);
  }
}

function encodeCreation(
  writer: MessageWriter,
  family: IpFamily,
  entry: SourcedConntrackEntry,
  sequence: number,
): void {
  const { protocol, source, destination, replySource, isUnreplied = false } = entry;
  const start = writer.beginMessage(IPCTNL_MSG_CT.NEW, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, sequence);
  encodeFamily(writer, family);
  encodeTuple(writer, CTA.TUPLE_ORIG, family, protocol, { source, destination });
  encodeTuple(writer, CTA.TUPLE_REPLY, family, protocol, { source: replySource, destination: source });
  writer.u32be(CTA.TIMEOUT, TIMEOUT_SECONDS);
  writer.u32be(CTA.STATUS, isUnreplied ? CONFIRMED : CONFIRMED | SEEN_REPLY | ASSURED);
  if (protocol === 'TCP') {
    const info = writer.beginNested(CTA.PROTOINFO);
    const tcp = writer.beginNested(CTA_PROTOINFO.TCP);
    writer.u8(CTA_PROTOINFO_TCP.STATE, isUnreplied ? TCP_SYN_SENT : TCP_ESTABLISHED);
    writer.endNested(tcp);
    writer.endNested(info);
  }
  writer.endMessage(start);
}

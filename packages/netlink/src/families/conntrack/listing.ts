/**
 * Lists conntrack entries: a dump (see connection.ts) on which the event loop never waits, since it makes the kernel walk over
 * its table for tens of milliseconds, and of which one part is looked at while the kernel makes the next.
 */
import { constants } from 'node:os';
import { decodeAcknowledgement } from '../../acknowledgement.ts';
import { KernelError } from '../../kernel-error.ts';
import {
  decodeMessages,
  type NetlinkMessage,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
} from '../../message.ts';
import { encodeRequest, failure, type NetlinkRequest } from '../../request.ts';
import type { NetlinkSocket } from '../../transport.ts';
import { EntryReader } from './message.ts';

/** A socket of NETLINK_NETFILTER, or a scripted peer in tests. */
export type ConntrackTransport = Omit<NetlinkSocket, 'fd'>;

/** The entries of one datagram after another; each entry is overwritten by the next. */
export type EntryList = AsyncGenerator<Iterable<EntryReader>, void>;

/**
 * Throws KernelError, also if the list is not complete, or the signal's reason.
 *
 * @param sequence one that no other message on the socket has had
 */
export async function* listEntries(
  socket: ConntrackTransport,
  request: NetlinkRequest,
  sequence: number,
  signal: AbortSignal,
): EntryList {
  let arrival = Promise.resolve<Uint8Array | undefined>(undefined);
  const receive = () => {
    arrival = socket.receiveAside();
    // It is waited for later, or not at all.
    arrival.catch(() => undefined);
  };
  try {
    await socket.sendAside(encodeRequest(request, NLM_F_DUMP, sequence));
    receive();
    for (let isOver = false; !isOver; ) {
      const datagram = await arrival;
      signal.throwIfAborted();
      if (datagram === undefined) throw failure(request, 'the dump ended without NLMSG_DONE');
      receive();
      // Others are left of a listing that was refused.
      const messages = decodeMessages(datagram).filter((message) => message.sequence === sequence);
      isOver = messages.some((message) => isLast(request, message));
      yield readEntries(messages);
    }
  } catch (cause) {
    throw cause instanceof KernelError ? failure(request, cause.detail, cause.errno, cause) : cause;
  } finally {
    await arrival.catch(() => undefined);
  }
}

function* readEntries(messages: readonly NetlinkMessage[]): Generator<EntryReader> {
  const entry = new EntryReader();
  for (const { type, payload } of messages) if (type !== NLMSG_DONE && entry.read(payload)) yield entry;
}

function isLast(request: NetlinkRequest, message: NetlinkMessage): boolean {
  if ((message.flags & NLM_F_DUMP_INTR) !== 0) {
    throw failure(request, 'dump interrupted (NLM_F_DUMP_INTR)', constants.errno.EINTR);
  }
  if (message.type !== NLMSG_DONE && message.type !== NLMSG_ERROR) return false;
  const { errno, detail } = decodeAcknowledgement(message);
  if (errno !== 0) throw failure(request, detail, errno);
  return true;
}

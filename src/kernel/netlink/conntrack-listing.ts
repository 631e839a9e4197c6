/** Lists flows: a dump (see connection.ts) that does not stop the event loop. */
import { constants } from 'node:os';
import { KernelError } from '../kernel-error.ts';
import { decodeAcknowledgement } from './acknowledgement.ts';
import { FlowReader } from './conntrack-codec.ts';
import type { FlowSocket } from './conntrack-socket.ts';
import { decodeMessages, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR } from './message.ts';
import { encodeRequest, failure, type NetlinkRequest } from './request.ts';

export interface Listing {
  readonly socket: FlowSocket;
  readonly request: NetlinkRequest;
  /** No other message on the socket may have had it. */
  readonly sequence: number;
  /** Called for every flow; what it reads is overwritten as soon as that returns. */
  readonly take: (flow: FlowReader) => void;
  readonly signal: AbortSignal;
}

/** Throws KernelError, also if the list is not complete, or the signal's reason; the socket is of no use then. */
export async function listFlows(listing: Listing): Promise<void> {
  const { socket, request, sequence, signal } = listing;
  const flow = new FlowReader();
  try {
    await socket.sendAside(encodeRequest(request, NLM_F_DUMP, sequence));
    for (let isOver = false; !isOver; ) {
      const datagram = await socket.receiveAside();
      signal.throwIfAborted();
      if (datagram === undefined) throw failure(request, 'the answer of the kernel has no end');
      isOver = takeAll(datagram, listing, flow);
    }
  } catch (cause) {
    throw cause instanceof KernelError ? failure(request, cause.detail, cause.errno, cause) : cause;
  }
}

/** Returns whether that was the end. */
function takeAll(datagram: Uint8Array, { request, sequence, take }: Listing, flow: FlowReader): boolean {
  for (const message of decodeMessages(datagram)) {
    // What is left of a listing that was refused.
    if (message.sequence !== sequence) continue;
    if ((message.flags & NLM_F_DUMP_INTR) !== 0) {
      throw failure(request, 'it was changed meanwhile', constants.errno.EINTR);
    }
    if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
      const { errno, detail } = decodeAcknowledgement(message);
      if (errno !== 0) throw failure(request, detail, errno);
      return true;
    }
    if (flow.read(message.payload)) take(flow);
  }
  return false;
}

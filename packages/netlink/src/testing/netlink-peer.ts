/**
 * A scripted kernel at the other end of a netlink socket. It answers with whole datagrams, split wherever a test wants, and
 * with errors of the socket in between.
 */
import { constants } from 'node:os';
import { NLMSGERR_ATTR } from '../acknowledgement.ts';
import { encodeAttributes, encodeText } from '../attribute.ts';
import { formatErrno } from '../errno.ts';
import { KernelError } from '../kernel-error.ts';
import {
  decodeMessages,
  encodeMessage,
  IS_LITTLE_ENDIAN,
  type NetlinkMessage,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  viewOf,
} from '../message.ts';
import type { NetlinkTransport } from '../transport.ts';

const PORT = 4711;

/** What one receive gives: a datagram, or an error of the socket. */
export type Arrival = Uint8Array | KernelError;

/** What arrives when these messages, one datagram, were sent. */
export type Reply = (sent: readonly NetlinkMessage[]) => readonly Arrival[];

/** What is sent to it is answered by the script; a datagram too many is an error. */
export class NetlinkPeer implements NetlinkTransport {
  readonly portId = PORT;
  /** Every datagram that was sent, in its order. */
  readonly sent: Uint8Array[] = [];
  isDisposed = false;
  readonly #replies: readonly Reply[];
  #arrivals: Arrival[] = [];
  #received = new Uint8Array();

  /** @param replies one for every datagram that is sent; to send more is an error */
  constructor(...replies: readonly Reply[]) {
    this.#replies = replies;
  }

  send(datagram: Uint8Array): void {
    const reply = this.#replies[this.sent.length];
    if (reply === undefined) throw new Error(`BUG: a datagram beyond the ${this.sent.length} of the script`);
    this.sent.push(datagram.slice());
    // The kernel knows who sent it.
    const messages = decodeMessages(datagram).map((message) => ({ ...message, port: PORT }));
    this.#arrivals.push(...reply(messages));
  }

  async sendAside(datagram: Uint8Array): Promise<void> {
    this.send(datagram);
  }

  receive(): Uint8Array | undefined {
    // As the contract says: what came before is not valid any more.
    this.#received.fill(0xff);
    const arrival = this.#arrivals.shift();
    if (arrival instanceof KernelError) throw arrival;
    if (arrival === undefined) return undefined;
    this.#received = arrival.slice();
    return this.#received;
  }

  async receiveAside(): Promise<Uint8Array | undefined> {
    return this.receive()?.slice();
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

/** One object of a dump. */
export function part(request: NetlinkMessage, payload: Uint8Array, flags = 0): NetlinkMessage {
  return { ...request, flags: NLM_F_MULTI | flags, payload };
}

/** The end of a dump. */
export function done(request: NetlinkMessage, errno = 0, flags = 0): NetlinkMessage {
  return { ...request, type: NLMSG_DONE, flags: NLM_F_MULTI | flags, payload: encodeErrno(errno) };
}

/** The end of a request, as a socket with NETLINK_CAP_ACK and NETLINK_EXT_ACK sees it. */
export function acknowledgement(request: NetlinkMessage, errno = 0, words = ''): NetlinkMessage {
  const header = encodeMessage({ ...request, payload: new Uint8Array() });
  const attributes = words === '' ? [] : encodeAttributes([[NLMSGERR_ATTR.MSG, encodeText(words)]]);
  return {
    ...request,
    type: NLMSG_ERROR,
    flags: words === '' ? NLM_F_CAPPED : NLM_F_CAPPED | NLM_F_ACK_TLVS,
    payload: new Uint8Array([...encodeErrno(errno), ...header, ...attributes]),
  };
}

/** Acknowledges every message of a datagram, with these errors, by their places. */
export function acknowledge(errors: Readonly<Record<number, number>> = {}): Reply {
  return (sent) => datagrams(sent.map((message, place) => acknowledgement(message, errors[place])));
}

/** Datagrams of as many messages as `sizes` says, one after the other; the last one has all that is left. */
export function datagrams(
  messages: readonly NetlinkMessage[],
  sizes: readonly number[] = [],
): readonly Uint8Array[] {
  const [size, ...others] = sizes;
  if (messages.length === 0) return [];
  const first = new Uint8Array(Buffer.concat(messages.slice(0, size).map(encodeMessage)));
  return size === undefined ? [first] : [first, ...datagrams(messages.slice(size), others)];
}

/** What a socket says whose queue was full. */
export function lost(): KernelError {
  const errno = constants.errno.ENOBUFS;
  return new KernelError({ operation: 'receive', object: '', detail: formatErrno(errno), errno });
}

function encodeErrno(errno: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, -errno, IS_LITTLE_ENDIAN);
  return bytes;
}

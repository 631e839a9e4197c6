/** Netlink messages as bytes (linux/netlink.h): a header of 16 bytes, a payload, and padding to four bytes. */
import { endianness } from 'node:os';
import { KernelError } from './kernel-error.ts';

/** Of no meaning. */
export const NLMSG_NOOP = 1;
/** An acknowledgement or a refusal. */
export const NLMSG_ERROR = 2;
/** The end of a dump. */
export const NLMSG_DONE = 3;
/** Something was lost. */
export const NLMSG_OVERRUN = 4;

/** This is a request, as all that is sent to the kernel is. */
export const NLM_F_REQUEST = 0x01;
/** One of several answers, of which NLMSG_DONE is the last. */
export const NLM_F_MULTI = 0x02;
/** Answer with an acknowledgement even when all went well. */
export const NLM_F_ACK = 0x04;
/** Of the answers of a dump: what is dumped was changed meanwhile, so some of it may be missing or come twice. */
export const NLM_F_DUMP_INTR = 0x10;
/** Of requests that ask: give all there is (NLM_F_ROOT | NLM_F_MATCH). */
export const NLM_F_DUMP = 0x300;
/** Of requests that make something: fail with EEXIST if it is there. */
export const NLM_F_EXCL = 0x200;
/** Of requests that make something: make it if it isn't there. */
export const NLM_F_CREATE = 0x400;
/** Of requests that make something: at the end of a list. */
export const NLM_F_APPEND = 0x800;
/** Of answers of type NLMSG_ERROR: the request they quote is cut off after its header. */
export const NLM_F_CAPPED = 0x100;
/** Of answers of type NLMSG_ERROR: attributes follow that say more. */
export const NLM_F_ACK_TLVS = 0x200;

/** A message without its header of 16 bytes, which is in the fields. */
export interface NetlinkMessage {
  readonly type: number;
  /** NLM_F_* */
  readonly flags: number;
  /** Chosen by who asks, repeated in the answers. */
  readonly sequence: number;
  /** Port id of the socket that asked; 0 in requests, where the kernel knows it, and in news that nobody asked for. */
  readonly port: number;
  /** What the family makes of it: a header of its own, then attributes. */
  readonly payload: Uint8Array;
}

/** Numbers in netlink have the machine's byte order, unless a family says otherwise. */
export const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** Bytes of struct nlmsghdr. */
export const HEADER_SIZE = 16;
const ALIGNMENT = 4;

/** Where the next thing may begin. */
export function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

/** A view of the same bytes, for their numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One message with its padding. */
export function encodeMessage({ type, flags, sequence, port, payload }: NetlinkMessage): Uint8Array {
  const size = HEADER_SIZE + payload.length;
  const bytes = new Uint8Array(align(size));
  const view = viewOf(bytes);
  view.setUint32(0, size, IS_LITTLE_ENDIAN);
  view.setUint16(4, type, IS_LITTLE_ENDIAN);
  view.setUint16(6, flags, IS_LITTLE_ENDIAN);
  view.setUint32(8, sequence, IS_LITTLE_ENDIAN);
  view.setUint32(12, port, IS_LITTLE_ENDIAN);
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

/** All messages of one datagram; their payloads are parts of `bytes`. Throws KernelError. */
export function decodeMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  const view = viewOf(bytes);
  for (let start = 0; start < bytes.length; ) {
    const rest = bytes.length - start;
    const size = rest < HEADER_SIZE ? 0 : view.getUint32(start, IS_LITTLE_ENDIAN);
    if (size < HEADER_SIZE || size > rest) throw malformed('message', start, size);
    messages.push({
      type: view.getUint16(start + 4, IS_LITTLE_ENDIAN),
      flags: view.getUint16(start + 6, IS_LITTLE_ENDIAN),
      sequence: view.getUint32(start + 8, IS_LITTLE_ENDIAN),
      port: view.getUint32(start + 12, IS_LITTLE_ENDIAN),
      payload: bytes.subarray(start + HEADER_SIZE, start + size),
    });
    start += align(size);
  }
  return messages;
}

/** The same; undefined if they are malformed. */
export function tryDecodeMessages(bytes: Uint8Array): readonly NetlinkMessage[] | undefined {
  try {
    return decodeMessages(bytes);
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

/** For whoever reads a length that can't be right. */
export function malformed(what: string, offset: number, size: number): KernelError {
  const detail = `at byte ${offset}: a length of ${size} can't be right`;
  return new KernelError({ operation: 'decode', object: `netlink ${what}`, detail });
}

/** The sequence numbers of the first and the last message of a datagram. Throws KernelError. */
export function decodeSequences(bytes: Uint8Array): { readonly first: number; readonly last: number } {
  const messages = decodeMessages(bytes);
  return { first: messages.at(0)?.sequence ?? 0, last: messages.at(-1)?.sequence ?? 0 };
}

/** Netlink messages as bytes (linux/netlink.h): a header of 16 bytes, a payload, and padding to four bytes. */
import { endianness } from 'node:os';
import { KernelError } from '../kernel-error.ts';

export const NLMSG_ERROR = 2;

/** This is a request, as all that is sent to the kernel is. */
export const NLM_F_REQUEST = 0x01;
/** Answer with an acknowledgement even when all went well. */
export const NLM_F_ACK = 0x04;
/** Of requests that make something: fail with EEXIST if it is there. */
export const NLM_F_EXCL = 0x200;
/** Of requests that make something: make it if it isn't there. */
export const NLM_F_CREATE = 0x400;
/** Of answers of type NLMSG_ERROR: the request they quote is cut off after its header. */
export const NLM_F_CAPPED = 0x100;
/** Of answers of type NLMSG_ERROR: attributes follow that say more. */
export const NLM_F_ACK_TLVS = 0x200;

export interface NetlinkMessage {
  readonly type: number;
  /** NLM_F_* */
  readonly flags: number;
  /** Chosen by who asks, repeated in the answers. */
  readonly sequence: number;
  /** What the family makes of it: a header of its own, then attributes. */
  readonly payload: Uint8Array;
}

/** Numbers in netlink have the machine's byte order, unless a family says otherwise. */
export const IS_LITTLE_ENDIAN = endianness() === 'LE';

const HEADER_SIZE = 16;
const ALIGNMENT = 4;

/** Where the next thing may begin. */
export function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeMessage({ type, flags, sequence, payload }: NetlinkMessage): Uint8Array {
  const size = HEADER_SIZE + payload.length;
  const bytes = new Uint8Array(align(size));
  const view = viewOf(bytes);
  view.setUint32(0, size, IS_LITTLE_ENDIAN);
  view.setUint16(4, type, IS_LITTLE_ENDIAN);
  view.setUint16(6, flags, IS_LITTLE_ENDIAN);
  view.setUint32(8, sequence, IS_LITTLE_ENDIAN);
  // The last four bytes, the sender's port, are the kernel's to know.
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

/** All messages of one datagram; their payloads are parts of `bytes`. Throws KernelError. */
export function decodeMessages(bytes: Uint8Array): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let start = 0; start < bytes.length; ) {
    const rest = bytes.subarray(start);
    const view = viewOf(rest);
    const size = rest.length < HEADER_SIZE ? 0 : view.getUint32(0, IS_LITTLE_ENDIAN);
    if (size < HEADER_SIZE || size > rest.length) throw malformed('message', start, size);
    messages.push({
      type: view.getUint16(4, IS_LITTLE_ENDIAN),
      flags: view.getUint16(6, IS_LITTLE_ENDIAN),
      sequence: view.getUint32(8, IS_LITTLE_ENDIAN),
      payload: rest.subarray(HEADER_SIZE, size),
    });
    start += align(size);
  }
  return messages;
}

/** For whoever reads a length that can't be right. */
export function malformed(what: string, offset: number, size: number): KernelError {
  const detail = `at byte ${offset}: a length of ${size} can't be right`;
  return new KernelError({ operation: 'decode', object: `netlink ${what}`, detail });
}

/** The answer to a request that failed, or that asked for an acknowledgement. */
export interface Acknowledgement {
  /** 0: it was done. */
  readonly errno: number;
  /** Attributes that say more (NLMSGERR_ATTR_*); usually none. */
  readonly attributes: Uint8Array;
}

/** Reads an answer of type NLMSG_ERROR. Throws KernelError. */
export function decodeAcknowledgement({ flags, payload }: NetlinkMessage): Acknowledgement {
  if (payload.length < 4 + HEADER_SIZE) throw malformed('acknowledgement', 0, payload.length);
  const view = viewOf(payload);
  const quotedSize = (flags & NLM_F_CAPPED) === 0 ? view.getUint32(4, IS_LITTLE_ENDIAN) : HEADER_SIZE;
  const hasAttributes = (flags & NLM_F_ACK_TLVS) !== 0;
  return {
    errno: Math.abs(view.getInt32(0, IS_LITTLE_ENDIAN)),
    attributes: payload.subarray(hasAttributes ? 4 + align(quotedSize) : payload.length),
  };
}

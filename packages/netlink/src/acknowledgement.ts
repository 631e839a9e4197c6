/** The kernel's answer to a request as a whole (linux/netlink.h): it was done, or why not, in the kernel's own words. */
import { constants } from 'node:os';
import { decodeAttributes, decodeText } from './attribute.ts';
import { adviseOn } from './capabilities.ts';
import { formatErrno } from './errno.ts';
import {
  align,
  HEADER_SIZE,
  IS_LITTLE_ENDIAN,
  malformed,
  type NetlinkMessage,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  viewOf,
} from './message.ts';

/** What can be said beside an error number. */
export const NLMSGERR_ATTR = { MSG: 1, OFFS: 2 } as const;
export const ERRNO_SIZE = 4;

/** What became of a request. */
export interface Acknowledgement {
  /** 0: it was done. */
  readonly errno: number;
  /** Empty if it was done. */
  readonly detail: string;
}

/** Reads a message of type NLMSG_ERROR, or of type NLMSG_DONE, the end of a dump. Throws KernelError. */
export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement {
  const { type, payload } = message;
  const isEndOfDump = type === NLMSG_DONE;
  // Families that end their dumps by themselves leave out the number.
  if (isEndOfDump && payload.length < ERRNO_SIZE) return { errno: 0, detail: '' };
  const quoted = isEndOfDump ? 0 : HEADER_SIZE;
  if (payload.length < ERRNO_SIZE + quoted) throw malformed('acknowledgement', 0, payload.length);
  const view = viewOf(payload);
  const errno = Math.abs(view.getInt32(0, IS_LITTLE_ENDIAN));
  if (errno === 0) return { errno, detail: '' };
  const advice = errno === constants.errno.EPERM ? adviseOn('CAP_NET_ADMIN') : '';
  return { errno, detail: formatErrno(errno) + formatWords(attributesBehind(message)) + advice };
}

/** What such a message has behind the number and the request it quotes: attributes (NLMSGERR_ATTR), or nothing. */
export function attributesBehind({ type, flags, payload }: NetlinkMessage): Uint8Array {
  if ((flags & NLM_F_ACK_TLVS) === 0) return new Uint8Array();
  // The end of a dump quotes nothing.
  if (type === NLMSG_DONE || payload.length < ERRNO_SIZE + HEADER_SIZE) return payload.subarray(ERRNO_SIZE);
  const isWhole = (flags & NLM_F_CAPPED) === 0;
  const quoted = isWhole ? viewOf(payload).getUint32(ERRNO_SIZE, IS_LITTLE_ENDIAN) : HEADER_SIZE;
  return payload.subarray(ERRNO_SIZE + align(quoted));
}

function formatWords(bytes: Uint8Array): string {
  const attributes = decodeAttributes(bytes);
  const offset = attributes.get(NLMSGERR_ATTR.OFFS);
  const words = attributes.get(NLMSGERR_ATTR.MSG);
  const place = offset?.length === 4 ? ` at byte ${viewOf(offset).getUint32(0, IS_LITTLE_ENDIAN)}` : '';
  return words === undefined ? place : `${place}: ${decodeText(words)}`;
}

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

const NLMSGERR_ATTR_MSG = 1;
const NLMSGERR_ATTR_OFFS = 2;
const ERRNO_SIZE = 4;

/** What became of a request. */
export interface Acknowledgement {
  /** 0: it was done. */
  readonly errno: number;
  /** Empty if it was done. */
  readonly detail: string;
}

/** Reads a message of type NLMSG_ERROR, or of type NLMSG_DONE, the end of a dump. Throws KernelError. */
export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement {
  const { type, flags, payload } = message;
  const isEndOfDump = type === NLMSG_DONE;
  // Families that end their dumps by themselves leave out the number.
  if (isEndOfDump && payload.length < ERRNO_SIZE) return { errno: 0, detail: '' };
  const quoted = isEndOfDump ? 0 : HEADER_SIZE;
  if (payload.length < ERRNO_SIZE + quoted) throw malformed('acknowledgement', 0, payload.length);
  const view = viewOf(payload);
  const errno = Math.abs(view.getInt32(0, IS_LITTLE_ENDIAN));
  if (errno === 0) return { errno, detail: '' };
  const advice = errno === constants.errno.EPERM ? adviseOn('CAP_NET_ADMIN') : '';
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, detail: formatErrno(errno) + advice };
  const isWhole = !isEndOfDump && (flags & NLM_F_CAPPED) === 0;
  const quotedSize = isWhole ? view.getUint32(ERRNO_SIZE, IS_LITTLE_ENDIAN) : quoted;
  return {
    errno,
    detail: formatErrno(errno) + formatWords(payload.subarray(ERRNO_SIZE + align(quotedSize))) + advice,
  };
}

function formatWords(bytes: Uint8Array): string {
  const attributes = decodeAttributes(bytes);
  const offset = attributes.get(NLMSGERR_ATTR_OFFS);
  const words = attributes.get(NLMSGERR_ATTR_MSG);
  const place = offset?.length === 4 ? ` at byte ${viewOf(offset).getUint32(0, IS_LITTLE_ENDIAN)}` : '';
  return words === undefined ? place : `${place}: ${decodeText(words)}`;
}

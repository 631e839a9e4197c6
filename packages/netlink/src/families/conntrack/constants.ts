/** The numbers of linux/netfilter/nfnetlink_conntrack.h that are needed here. */

const NFNL_SUBSYS_CTNETLINK = 1;

/** Netlink message types: the subsystem in the upper byte. */
export const IPCTNL_MSG_CT = { NEW: message(0), GET: message(1), DELETE: message(2) } as const;

function message(number: number): number {
  return (NFNL_SUBSYS_CTNETLINK << 8) | number;
}

/** ID tells an entry from its successor; ZONE holds entries apart that are otherwise the same. */
export const CTA = {
  TUPLE_ORIG: 1,
  TUPLE_REPLY: 2,
  STATUS: 3,
  PROTOINFO: 4,
  TIMEOUT: 7,
  MARK: 8,
  ID: 12,
  ZONE: 18,
  FILTER: 25,
  STATUS_MASK: 26,
} as const;

/** Which fields of a tuple are compared in a listing, for each direction. */
export const CTA_FILTER = { ORIG_FLAGS: 1, REPLY_FLAGS: 2 } as const;
/** One direction of a connection. */
export const CTA_TUPLE = { IP: 1, PROTO: 2 } as const;
export const CTA_IP = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 } as const;
export const CTA_PROTO = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const;
export const CTA_PROTOINFO = { TCP: 1 } as const;
export const CTA_PROTOINFO_TCP = { STATE: 1 } as const;

/** IPS_SEEN_REPLY of linux/netfilter/nf_conntrack_common.h: a bit of the status, which is of 32 bits in network byte order. */
export const SEEN_REPLY = 1 << 1;
/** TCP_CONNTRACK_SYN_SENT of linux/netfilter/nf_conntrack_tcp.h. */
export const TCP_SYN_SENT = 1;

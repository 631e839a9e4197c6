/**
 * The numbers of linux/netfilter/ipset/ip_set.h, ip_set_hash.h and ip_set_bitmap.h that are needed here, under the names
 * they have there. Numbers in attributes are in network byte order, and say so by a flag in their type.
 */

const NFNL_SUBSYS_IPSET = 6;

/** Netlink message types: the subsystem in the upper byte. */
export const IPSET_CMD = {
  CREATE: message(2),
  DESTROY: message(3),
  SWAP: message(6),
  LIST: message(7),
  ADD: message(9),
  DEL: message(10),
  HEADER: message(12),
  TYPE: message(13),
} as const;

function message(number: number): number {
  return (NFNL_SUBSYS_IPSET << 8) | number;
}

/** Every kernel since 2.6.39 takes this version; 7 has nothing for us. */
export const IPSET_PROTOCOL = 6;

/** Of a request or an answer as a whole. */
export const IPSET_ATTR = {
  PROTOCOL: 1,
  SETNAME: 2,
  TYPENAME: 3,
  SETNAME2: 3,
  REVISION: 4,
  FAMILY: 5,
  FLAGS: 6,
  DATA: 7,
  ADT: 8,
  LINENO: 9,
  REVISION_MIN: 10,
} as const;

/** Of a set (in its DATA). */
export const IPSET_SET_ATTR = { PORT: 4, PORT_TO: 5, MAXELEM: 19, ELEMENTS: 24 } as const;

/** Of an entry. */
export const IPSET_ENTRY_ATTR = { IP: 1, PORT: 4, PROTO: 7, FLAGS: 8, IP2: 20, CIDR2: 21 } as const;

/** An address is nested, by its family. */
export const IPSET_ATTR_IPADDR = { IPV4: 1, IPV6: 2 } as const;

/** Of a list: without the entries. */
export const IPSET_FLAG_LIST_HEADER = 1 << 2;
/** Of an entry: an exception from a wider network in the set. */
export const IPSET_FLAG_NOMATCH = 1 << 2;

/** Error numbers beyond those of the C library. From 4352 on every family of types has its own. */
export const IPSET_ERR = {
  PROTOCOL: 4097,
  FIND_TYPE: 4098,
  MAX_SETS: 4099,
  BUSY: 4100,
  EXIST_SETNAME2: 4101,
  TYPE_MISMATCH: 4102,
  INVALID_CIDR: 4104,
  INVALID_FAMILY: 4106,
  HASH_FULL: 4352,
  HASH_ELEM: 4353,
  BITMAP_RANGE: 4352,
} as const;

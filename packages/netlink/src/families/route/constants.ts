/** The numbers of linux/rtnetlink.h, if_link.h and if_addr.h that are needed here, under the names they have there. */

/** Netlink message types. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
} as const;

/** Multicast groups that are told of changes. */
export const RTNLGRP = { IPV4_IFADDR: 5, IPV6_IFADDR: 9 } as const;

/** struct ifinfomsg and struct ifaddrmsg. */
export const LINK_HEADER_SIZE = 16;
export const ADDRESS_HEADER_SIZE = 8;

/** Of ifi_flags in struct ifinfomsg. */
export const LINK_FLAGS_OFFSET = 8;
export const IFF_UP = 1;

/** Attributes of interfaces. */
export const IFLA = { IFNAME: 3, LINKINFO: 18, EXT_MASK: 29 } as const;
export const IFLA_INFO_KIND = 1;
/** Packet counters are not wanted. */
export const RTEXT_FILTER_SKIP_STATS = 1 << 3;

/** Attributes of addresses. */
export const IFA = { ADDRESS: 1, LOCAL: 2 } as const;
/** TEMPORARY means another thing in IPv4. NODAD: an IPv6 address is usable at once, and nobody else is asked for it. */
export const IFA_F = {
  TEMPORARY: 0x01,
  NODAD: 0x02,
  OPTIMISTIC: 0x04,
  DADFAILED: 0x08,
  DEPRECATED: 0x20,
  TENTATIVE: 0x40,
} as const;

/** Scopes of addresses, beside that of the whole world. */
export const RT_SCOPE = { LINK: 253, HOST: 254 } as const;

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
export const RTNLGRP = { LINK: 1, IPV4_IFADDR: 5, IPV6_IFADDR: 9 } as const;

/** struct ifinfomsg and struct ifaddrmsg. */
export const LINK_HEADER_SIZE = 16;
export const ADDRESS_HEADER_SIZE = 8;

/** Where ifi_type is in struct ifinfomsg, and the type that Ethernet has (linux/if_arp.h). */
export const LINK_TYPE_OFFSET = 2;
export const ARPHRD_ETHER = 1;
export const LINK_FLAGS_OFFSET = 8;
/** Of ifi_flags. RUNNING: it works as far as is known; LOWER_UP: there is a carrier, which is known earlier. */
export const IFF = { UP: 0x1, LOOPBACK: 0x8, RUNNING: 0x40, NOARP: 0x80, LOWER_UP: 0x10000 } as const;

/** Attributes of interfaces. */
export const IFLA = { ADDRESS: 1, IFNAME: 3, MASTER: 10, LINKINFO: 18, EXT_MASK: 29 } as const;
export const IFLA_INFO_KIND = 1;
/** The kind of the interface it is a part of. */
export const IFLA_INFO_SLAVE_KIND = 4;
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

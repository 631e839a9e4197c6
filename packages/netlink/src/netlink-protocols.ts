/** Netlink protocols (linux/netlink.h), each with a socket of its own. */

/** Interfaces and addresses. */
export const NETLINK_ROUTE = 0;
/** All of netfilter. */
export const NETLINK_NETFILTER = 12;
/** All that has no protocol of its own, in families. */
export const NETLINK_GENERIC = 16;

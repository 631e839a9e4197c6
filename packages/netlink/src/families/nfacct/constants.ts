/** The numbers of linux/netfilter/nfnetlink_acct.h that are needed here. */

const NFNL_SUBSYS_ACCT = 7;

/** Netlink message types: the subsystem in the upper byte. */
export const NFNL_MSG_ACCT = { NEW: message(0), GET: message(1) } as const;

function message(number: number): number {
  return (NFNL_SUBSYS_ACCT << 8) | number;
}

/** Attributes of an object. */
export const NFACCT = { NAME: 1, PKTS: 2, BYTES: 3 } as const;

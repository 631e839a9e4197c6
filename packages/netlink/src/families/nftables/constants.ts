/**
 * The numbers of linux/netfilter/nf_tables.h, nfnetlink.h and nf_nat.h that are needed here, under the names they have
 * there. Numbers in attributes are in network byte order.
 */

const NFNL_SUBSYS_NFTABLES = 10;

/** Netlink message types: the subsystem in the upper byte. */
export const NFT_MSG = {
  NEWTABLE: message(0),
  GETTABLE: message(1),
  DELTABLE: message(2),
  NEWCHAIN: message(3),
  GETCHAIN: message(4),
  DELCHAIN: message(5),
  NEWRULE: message(6),
  GETRULE: message(7),
  DELRULE: message(8),
  NEWSET: message(9),
  GETSET: message(10),
  DELSET: message(11),
  NEWSETELEM: message(12),
  GETSETELEM: message(13),
  DELSETELEM: message(14),
  NEWGEN: message(15),
  GETGEN: message(16),
  NEWOBJ: message(18),
  DELOBJ: message(20),
  NEWFLOWTABLE: message(22),
  DELFLOWTABLE: message(24),
} as const;

function message(number: number): number {
  return (NFNL_SUBSYS_NFTABLES << 8) | number;
}

/** Types of the messages around a transaction. */
export const NFNL_MSG_BATCH_BEGIN = 0x10;
export const NFNL_MSG_BATCH_END = 0x11;
/** In a batch header, where other messages have a part of the generation. */
export const NFNL_BATCH_SUBSYSTEM = NFNL_SUBSYS_NFTABLES;
export const NFNL_BATCH_GENID = 1;
/** The multicast group that is told of every change. */
export const NFNLGRP_NFTABLES = 7;

/** Address families, as far as they matter here; 0 stands for none in particular. */
export const NFPROTO = { ip: 2, ip6: 10 } as const;

/** Each element of a list. */
export const NFTA_LIST_ELEM = 1;

/** Attributes of a table. */
export const NFTA_TABLE = { NAME: 1, FLAGS: 2, USERDATA: 6 } as const;
export const NFT_TABLE_F_DORMANT = 1;

/** Attributes of a chain. */
export const NFTA_CHAIN = {
  TABLE: 1,
  NAME: 3,
  HOOK: 4,
  POLICY: 5,
  USE: 6,
  TYPE: 7,
  FLAGS: 10,
  USERDATA: 12,
} as const;
/** linux/netfilter.h: what a policy of accept is. */
export const NF_ACCEPT = 1;
export const NFTA_HOOK = { HOOKNUM: 1, PRIORITY: 2 } as const;
/** Made for one rule, and goes with it. */
export const NFT_CHAIN_BINDING = 4;

/** Attributes of a rule. */
export const NFTA_RULE = { TABLE: 1, CHAIN: 2, HANDLE: 3, EXPRESSIONS: 4, USERDATA: 7 } as const;

/** Attributes of a set. */
export const NFTA_SET = {
  TABLE: 1,
  NAME: 2,
  FLAGS: 3,
  KEY_TYPE: 4,
  KEY_LEN: 5,
  DATA_TYPE: 6,
  DATA_LEN: 7,
  DESC: 9,
  ID: 10,
  TIMEOUT: 11,
  USERDATA: 13,
  EXPR: 17,
  EXPRESSIONS: 18,
} as const;
/** What is in DESC of a set. */
export const NFTA_SET_DESC = { SIZE: 1, CONCAT: 2 } as const;
export const NFTA_SET_FIELD_LEN = 1;
export const NFT_SET = {
  ANONYMOUS: 0x01,
  INTERVAL: 0x04,
  MAP: 0x08,
  TIMEOUT: 0x10,
  EVAL: 0x20,
  CONCAT: 0x80,
} as const;
/** The DATA_TYPE of a map of verdicts. */
export const NFT_DATA_VERDICT = 0xffffff00;

/** Attributes of an element. */
export const NFTA_SET_ELEM = {
  KEY: 1,
  DATA: 2,
  FLAGS: 3,
  EXPIRATION: 5,
  USERDATA: 6,
  KEY_END: 10,
} as const;
/** Attributes of a message of elements. */
export const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3 } as const;
export const NFT_SET_ELEM = { INTERVAL_END: 1, CATCHALL: 2 } as const;

/** A value, or a verdict. */
export const NFTA_DATA = { VALUE: 1, VERDICT: 2 } as const;
export const NFTA_VERDICT = { CODE: 1, CHAIN: 2 } as const;

/** Attributes of the generation of the ruleset. */
export const NFTA_GEN = { ID: 1, PROC_PID: 2, PROC_NAME: 3 } as const;

/** An expression: its name, and attributes of its own. */
export const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;
export const NFTA_PAYLOAD = { DREG: 1, BASE: 2, OFFSET: 3, LEN: 4 } as const;
export const NFTA_META = { DREG: 1, KEY: 2, SREG: 3 } as const;
export const NFTA_CT = { DREG: 1, KEY: 2, DIRECTION: 3 } as const;
export const NFTA_CMP = { SREG: 1, OP: 2, DATA: 3 } as const;
export const NFTA_BITWISE = { SREG: 1, DREG: 2, LEN: 3, MASK: 4, XOR: 5, OP: 6 } as const;
export const NFTA_BYTEORDER = { SREG: 1, DREG: 2, OP: 3, LEN: 4, SIZE: 5 } as const;
export const NFTA_LOOKUP = { SET: 1, SREG: 2, DREG: 3, FLAGS: 5 } as const;
export const NFTA_IMMEDIATE = { DREG: 1, DATA: 2 } as const;
export const NFTA_NG = { DREG: 1, MODULUS: 2, TYPE: 3, OFFSET: 4 } as const;
export const NFTA_NAT = {
  TYPE: 1,
  FAMILY: 2,
  REG_ADDR_MIN: 3,
  REG_ADDR_MAX: 4,
  REG_PROTO_MIN: 5,
  REG_PROTO_MAX: 6,
  FLAGS: 7,
} as const;
/** The attribute of the expression `masq`. */
export const NFTA_MASQ_FLAGS = 1;
export const NFTA_REJECT = { TYPE: 1, ICMP_CODE: 2 } as const;
export const NFTA_FIB = { DREG: 1, RESULT: 2, FLAGS: 3 } as const;
export const NFTA_DYNSET = {
  SET_NAME: 1,
  OP: 3,
  SREG_KEY: 4,
  SREG_DATA: 5,
  TIMEOUT: 6,
  PAD: 8,
  FLAGS: 9,
} as const;

/** The number of the register that carries a rule's verdict. */
export const NFT_REG_VERDICT = 0;
/** The kernel's limit for what is kept for user space with a table, chain, rule, set or element. */
export const NFT_USERDATA_MAXLEN = 256;

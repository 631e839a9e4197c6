/** The numbers of linux/genetlink.h. */

/** struct genlmsghdr: command, version, two bytes of nothing. */
export const GENERIC_HEADER_SIZE = 4;

/** The family that knows of all others, the only one whose type is fixed. */
export const GENL_ID_CTRL = 0x10;
export const CTRL_VERSION = 1;
export const CTRL_CMD = { NEWFAMILY: 1, GETFAMILY: 3 } as const;
export const CTRL_ATTR = { FAMILY_ID: 1, FAMILY_NAME: 2 } as const;

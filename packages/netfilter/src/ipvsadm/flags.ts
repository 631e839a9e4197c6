/** Flags of a virtual server (linux/ip_vs.h: IP_VS_SVC_F_*). The netlink library has the same numbers beside its client. */
export const PERSISTENT = 0x1;
export const ONE_PACKET = 0x4;

/** What the tool calls the flags of schedulers, behind the name of the scheduler: `sh-port`. */
export const SCHEDULER_FLAGS = [
  [0x8, 'fallback'],
  [0x10, 'port'],
] as const;

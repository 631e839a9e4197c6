/** Whether the kernel refuses something for want of a privilege. */
import { readFileSync } from 'node:fs';

/** Numbers of linux/capability.h. */
const CAPABILITIES = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n, CAP_SYS_ADMIN: 21n } as const;
/** A capability as capabilities(7) calls it. */
export type Capability = keyof typeof CAPABILITIES;

/** Of the calling thread, in its user namespace. */
function hasCapability(capability: Capability): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAPABILITIES[capability]) & 1n) === 1n;
}

/** What helps, to be put behind an error that the capability may be the cause of; empty if we have it. */
export function adviseOn(capability: Capability): string {
  return hasCapability(capability) ? '' : ` (run as root or with ${capability})`;
}

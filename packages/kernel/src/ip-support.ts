/** Whether this network namespace speaks an IP family at all. */
import { existsSync } from 'node:fs';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { readSysctl } from './sysctl.ts';

/** Whether the kernel has it, be it turned off; its rules outlive that. */
export function observeIpPresence(family: IpFamily): boolean {
  return family === 'IPv4' || existsSync('/proc/thread-self/net/if_inet6');
}

/** IPv6 can be left out of a kernel, or be turned off in it (spec § 10.6). */
export function observeIpSupport(family: IpFamily): boolean {
  if (family === 'IPv4') return true;
  return observeIpPresence(family) && readSysctl('net/ipv6/conf/all/disable_ipv6') !== '1';
}

/** Whether this network namespace speaks an IP family at all. */
import { existsSync } from 'node:fs';
import type { IpFamily } from '../addresses/ip.ts';
import { readSysctl } from './sysctl.ts';

/** IPv6 can be left out of a kernel, or be turned off in it (spec § 10.6). */
export function observeIpSupport(family: IpFamily): boolean {
  if (family === 'IPv4') return true;
  return existsSync('/proc/thread-self/net/if_inet6') && readSysctl('net/ipv6/conf/all/disable_ipv6') !== '1';
}

/** Whether anything has changed in the tables of the legacy iptables, past the tools, which take seconds for a large one. */
import { closeSync } from 'node:fs';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import {
  AF_INET,
  AF_INET6,
  exchangeSocketOption,
  SOCK_CLOEXEC,
  SOCK_RAW,
  socket,
} from '@menwei/netlink/native';

const IPPROTO_RAW = 255;
/** linux/netfilter_ipv4/ip_tables.h and its brother: levels of socket options, IPT_SO_GET_INFO, struct ipt_getinfo. */
const LEVELS = { IPv4: 0, IPv6: 41 } as const;
const IPT_SO_GET_INFO = 64;
const INFO_SIZE = 84;

/**
 * Where the built-in chains of the tables begin and end, and how many rules and bytes there are, as one text; undefined if
 * that can't be told. It stays the same when a rule was replaced by another one of the same size.
 */
export function observeLegacySizes(family: IpFamily, tables: readonly string[]): string | undefined {
  try {
    const fd = socket(family === 'IPv4' ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    try {
      return tables.map((table) => infoOf(fd, family, table)).join(' ');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

function infoOf(fd: number, family: IpFamily, table: string): string {
  const info = Buffer.alloc(INFO_SIZE);
  info.write(table);
  return Buffer.from(exchangeSocketOption(fd, LEVELS[family], IPT_SO_GET_INFO, info)).toString('hex');
}

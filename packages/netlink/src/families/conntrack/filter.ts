/** Which conntrack entries are meant, and how much of that the kernel can be asked for. */
import { formatHostPort, type IpFamily } from '../../address.ts';
import type { TransportProtocol } from '../../protocol.ts';
import { type ConntrackAddress, type ConntrackEntry, isSameAddress } from './contract.ts';

/** The entries that have all these things. */
export interface ConntrackFilter {
  readonly protocol: TransportProtocol;
  /** Without an address: the port at any address. */
  readonly destination?: { readonly ip?: string; readonly port: number };
  readonly replySource?: ConntrackAddress;
  /** Those that nobody has answered (see ConntrackEntry); they are not deleted if somebody does meanwhile. */
  readonly isUnreplied?: true;
}

/** A filter as the kernel gets it. */
export interface KernelFilter {
  readonly protocol: TransportProtocol;
  readonly destination?: Partial<ConntrackAddress>;
  readonly replySource?: Partial<ConntrackAddress>;
  readonly isUnreplied?: true;
}

/** The first kernel, by major and minor version, that compares replies with the filter for replies. */
const REPLIES_SINCE = [5, 17] as const;

/**
 * What of a filter the kernel can be trusted with; more entries than those meant may match, but never less. (See
 * net/netfilter/nf_conntrack_netlink.c; kernels before 5.8 have no filters, and list everything.)
 *
 * - An IPv6 address matches every entry but those that have it: ctnetlink_filter_match_tuple, at least up to 6.18. So it is
 *   left out.
 * - Before 5.17 a filter for replies matched nothing unless the original direction was filtered by the same fields:
 *   ctnetlink_alloc_filter. So it is left out.
 * - Ports of SCTP are not compared.
 * - Before 5.18 it did not look at the status: it lists those that were answered, too.
 *
 * @param release the kernel's, `6.18.44-generic`
 */
export function kernelFilter(filter: ConntrackFilter, family: IpFamily, release: string): KernelFilter {
  const { protocol, destination, replySource, isUnreplied } = filter;
  const trusted = (end: Partial<ConntrackAddress>): Partial<ConntrackAddress> =>
    family === 'IPv4' || end.port === undefined ? end : { port: end.port };
  return {
    protocol,
    ...(destination === undefined ? {} : { destination: trusted(destination) }),
    ...(replySource === undefined || !isSince(release, REPLIES_SINCE)
      ? {}
      : { replySource: trusted(replySource) }),
    ...(isUnreplied && { isUnreplied }),
  };
}

function isSince(release: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split(/[^0-9]+/, 2).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Whether the entry has all that the filter asks for. */
export function matchesFilter(
  { protocol, destination, replySource, isUnreplied }: ConntrackFilter,
  entry: ConntrackEntry,
): boolean {
  return (
    entry.protocol === protocol &&
    (destination === undefined ||
      (entry.destination.port === destination.port &&
        (destination.ip === undefined || entry.destination.ip === destination.ip))) &&
    (replySource === undefined || isSameAddress(entry.replySource, replySource)) &&
    (isUnreplied !== true || entry.isUnreplied === true)
  );
}

/** `UDP to 10.96.0.10:53`, `UDP to port 30053`, `UDP answered by 10.0.0.2:53`, `unreplied TCP`, `UDP` */
export function formatFilter({ protocol, destination, replySource, isUnreplied }: ConntrackFilter): string {
  const words: string[] = [isUnreplied === true ? `unreplied ${protocol}` : protocol];
  if (destination !== undefined) {
    const { ip, port } = destination;
    words.push(ip === undefined ? `to port ${port}` : `to ${formatHostPort(ip, port)}`);
  }
  if (replySource !== undefined) {
    words.push(`answered by ${formatHostPort(replySource.ip, replySource.port)}`);
  }
  return words.join(' ');
}

/** Which flows are meant, and how much of that the kernel can be asked for. */
import { formatHostPort, type IpFamily } from '../../address.ts';
import { type Flow, type FlowEnd, type FlowProtocol, isSameEnd } from './flow.ts';

/** The flows that have all these things. */
export interface FlowFilter {
  readonly protocol: FlowProtocol;
  /** Without an address: the port at any address. */
  readonly destination?: { readonly ip?: string; readonly port: number };
  readonly replySource?: FlowEnd;
}

/** A filter as the kernel gets it. */
export interface KernelFilter {
  readonly protocol: FlowProtocol;
  readonly destination?: Partial<FlowEnd>;
  readonly replySource?: Partial<FlowEnd>;
}

/** The first kernel, by major and minor version, that compares replies with the filter for replies. */
const REPLIES_SINCE = [5, 17] as const;

/**
 * What of a filter the kernel can be trusted with; more flows than those meant may match, but never less. (See
 * net/netfilter/nf_conntrack_netlink.c; kernels before 5.8 have no filters, and list everything.)
 *
 * - An IPv6 address matches every flow but those that have it: ctnetlink_filter_match_tuple, at least up to 6.18. So it is
 *   left out.
 * - Before 5.17 a filter for replies matched nothing unless the original direction was filtered by the same fields:
 *   ctnetlink_alloc_filter. So it is left out.
 * - Ports of SCTP are not compared.
 *
 * @param release the kernel's, `6.18.44-generic`
 */
export function kernelFilter(filter: FlowFilter, family: IpFamily, release: string): KernelFilter {
  const { protocol, destination, replySource } = filter;
  const trusted = (end: Partial<FlowEnd>): Partial<FlowEnd> =>
    family === 'IPv4' || end.port === undefined ? end : { port: end.port };
  return {
    protocol,
    ...(destination === undefined ? {} : { destination: trusted(destination) }),
    ...(replySource === undefined || !isSince(release, REPLIES_SINCE)
      ? {}
      : { replySource: trusted(replySource) }),
  };
}

function isSince(release: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split(/[^0-9]+/, 2).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

export function matchesFilter({ protocol, destination, replySource }: FlowFilter, flow: Flow): boolean {
  return (
    flow.protocol === protocol &&
    (destination === undefined ||
      (flow.destination.port === destination.port &&
        (destination.ip === undefined || flow.destination.ip === destination.ip))) &&
    (replySource === undefined || isSameEnd(flow.replySource, replySource))
  );
}

/** `UDP to 10.96.0.10:53`, `UDP to port 30053`, `UDP answered by 10.0.0.2:53`, `UDP` */
export function formatFilter({ protocol, destination, replySource }: FlowFilter): string {
  const words: string[] = [protocol];
  if (destination !== undefined) {
    const { ip, port } = destination;
    words.push(ip === undefined ? `to port ${port}` : `to ${formatHostPort(ip, port)}`);
  }
  if (replySource !== undefined) {
    words.push(`answered by ${formatHostPort(replySource.ip, replySource.port)}`);
  }
  return words.join(' ');
}

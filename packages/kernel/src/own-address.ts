/** Which of the machine's addresses stands for it, where nobody says so. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { cidrContains, type IpFamily, isLoopback, LINK_LOCAL, parseIp } from '@menwei/addresses/ip.ts';
import type { AddressOnInterface } from '@menwei/netlink/route';
import { LOOPBACK_INTERFACE } from './interfaces.ts';

/** Far away from everybody (RFC 5737, RFC 3849). Nothing is sent there. */
const ELSEWHERE: Readonly<Record<IpFamily, string>> = { IPv4: '192.0.2.1', IPv6: '2001:db8::1' };

/** The address that the kernel would send from by its default route; undefined if it has none. */
export async function observeDefaultSource(family: IpFamily): Promise<string | undefined> {
  const socket = createSocket(family === 'IPv4' ? 'udp4' : 'udp6');
  try {
    // A UDP socket that is connected has its route, and has sent nothing.
    socket.connect(9, ELSEWHERE[family]);
    await once(socket, 'connect');
    return parseIp(socket.address().address);
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

/** An address that stands for the machine. */
export interface OwnAddress {
  readonly ip: string;
  /** How it was found: the kernel would send from its interface by the default route, or it is but one of those there are. */
  readonly by: 'default route' | 'interface address';
}

/**
 * The one that the default route sends from; else that of before, so that nothing moves without need; else the first. One that
 * lasts is better than one that was made for privacy.
 *
 * @param addresses of one family, in the kernel's order
 * @param source see {@link observeDefaultSource}
 */
export function chooseOwnAddress(
  addresses: readonly AddressOnInterface[],
  source: string | undefined,
  before: string | undefined,
): OwnAddress | undefined {
  const candidates = addresses.filter(isCandidate);
  const bySource = candidates.find(({ ip }) => ip === source);
  if (bySource !== undefined) {
    const besideIt = candidates.filter((address) => address.interface === bySource.interface);
    const { ip } = lasts(bySource) ? bySource : (besideIt.find(lasts) ?? bySource);
    return { ip, by: 'default route' };
  }
  const onLoopback = (address: AddressOnInterface) => address.interface === LOOPBACK_INTERFACE;
  const inOrder = [
    ...candidates.filter(({ ip }) => ip === before),
    ...candidates.filter((address) => !onLoopback(address) && lasts(address)),
    ...candidates.filter((address) => !onLoopback(address)),
    ...candidates,
  ];
  const [first] = inOrder;
  return first && { ip: first.ip, by: 'interface address' };
}

function isCandidate({ ip, scope, state }: AddressOnInterface): boolean {
  if (scope !== 'global' || state === 'tentative' || isLoopback(ip)) return false;
  return !cidrContains(LINK_LOCAL.IPv4, ip) && !cidrContains(LINK_LOCAL.IPv6, ip);
}

function lasts({ state }: AddressOnInterface): boolean {
  return state === undefined;
}

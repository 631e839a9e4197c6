/**
 * Being told of solicitations for addresses that no interface has: the multicast groups that those are sent to. Joined by an
 * ordinary socket, so that the kernel lets the network interface take their frames and tells switches of it (MLD): a switch that
 * listens to such reports passes nothing on without.
 */
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { addressBytes } from '@menwei/addresses/ip.ts';
import { IS_LITTLE_ENDIAN, KernelError } from '@menwei/netlink';
import { AF_INET6, setSocketOption, socket } from '@menwei/netlink/native';
import { solicitedNodeGroup } from './multicast.ts';

const SOCK_DGRAM = 2;
const IPPROTO_IPV6 = 41;
const IPV6_ADD_MEMBERSHIP = 20;
const IPV6_DROP_MEMBERSHIP = 21;
const { EADDRNOTAVAIL, ENODEV, ENOBUFS, ENOMEM } = constants.errno;

/** Of one interface, and of addresses of IPv6. Sockets that are bound to nothing, and so receive nothing themselves. */
export class GroupMemberships implements Disposable {
  readonly #interfaceIndex: number;
  /** Which addresses each group is joined for, and by which socket. */
  readonly #groups = new Map<string, { readonly fd: number; readonly ips: Set<string> }>();
  readonly #fds: number[] = [];

  constructor(interfaceIndex: number) {
    this.#interfaceIndex = interfaceIndex;
  }

  /** Throws KernelError. */
  join(ip: string): void {
    const group = solicitedNodeGroup(ip);
    const present = this.#groups.get(group);
    if (present !== undefined) present.ips.add(ip);
    else this.#groups.set(group, { fd: this.#joinBySome(group), ips: new Set([ip]) });
  }

  /** Throws KernelError. */
  leave(ip: string): void {
    const group = solicitedNodeGroup(ip);
    const present = this.#groups.get(group);
    if (present === undefined || !present.ips.delete(ip) || present.ips.size > 0) return;
    this.#groups.delete(group);
    try {
      this.#set(present.fd, IPV6_DROP_MEMBERSHIP, group);
    } catch (error) {
      // It went with its interface.
      if (!hasErrno(error, ENODEV, EADDRNOTAVAIL)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#groups.clear();
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }

  /** One socket has room for some hundreds of memberships (net.core.optmem_max). */
  #joinBySome(group: string): number {
    const last = this.#fds.at(-1);
    if (last !== undefined) {
      try {
        this.#set(last, IPV6_ADD_MEMBERSHIP, group);
        return last;
      } catch (error) {
        if (!hasErrno(error, ENOBUFS, ENOMEM)) throw error;
      }
    }
    const fd = socket(AF_INET6, SOCK_DGRAM, 0);
    this.#fds.push(fd);
    this.#set(fd, IPV6_ADD_MEMBERSHIP, group);
    return fd;
  }

  /** With a struct ipv6_mreq. */
  #set(fd: number, option: number, group: string): void {
    const request = new Uint8Array(20);
    request.set(addressBytes(group));
    new DataView(request.buffer).setUint32(16, this.#interfaceIndex, IS_LITTLE_ENDIAN);
    setSocketOption(fd, IPPROTO_IPV6, option, request);
  }
}

function hasErrno(error: unknown, ...errnos: readonly number[]): boolean {
  return error instanceof KernelError && error.errno !== undefined && errnos.includes(error.errno);
}

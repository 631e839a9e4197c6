/** The addresses of the node's own interfaces: NodePorts are served at them. */
import { cidrContains, IP_FAMILIES, type IpFamily, isLoopback, parseKnownCidr } from '../addresses/ip.ts';
import { listen } from './netlink/listener.ts';
import type { NetlinkMessage } from './netlink/message.ts';
import { RTM, RTNLGRP } from './netlink/route/constants.ts';
import type { LinkClient } from './netlink/route/contract.ts';
import { AddressReader, decodeInterfaceIndex } from './netlink/route/message.ts';
import { NETLINK_ROUTE } from './netlink/transport.ts';

const LOOPBACK_INTERFACE = 'lo';
const LINK_LOCAL = parseKnownCidr('fe80::/10');

/**
 * Canonical and sorted, as they were when last looked at. Without those of the loopback interface, without 127.0.0.0/8 and
 * ::1 wherever they are, and without the link-local ones of IPv6.
 */
export class LocalAddresses {
  readonly #client: LinkClient;
  /** Names of interfaces. */
  readonly #excluded: readonly string[];
  /** Whether an interface is excluded, by its number: found out when news tells of it. */
  readonly #exclusions = new Map<number, boolean>();
  readonly #reader = new AddressReader();
  readonly #addresses = new Map<IpFamily, readonly string[]>();
  #isLooking = false;
  #isOutdated = false;

  /** @param excluded names of interfaces that don't count, beside the loopback interface */
  constructor(client: LinkClient, excluded: readonly string[]) {
    this.#client = client;
    this.#excluded = [LOOPBACK_INTERFACE, ...excluded];
  }

  /** The same array until anything changes. To be called only when they have been looked at. */
  of(family: IpFamily): readonly string[] {
    const addresses = this.#addresses.get(family);
    if (addresses === undefined) throw new Error('BUG: local addresses that nobody has looked at');
    return addresses;
  }

  /** Looks, and says whether anything is different from the last time. Throws KernelError, or the signal's reason. */
  async observe(signal: AbortSignal): Promise<boolean> {
    this.#exclusions.clear();
    let isChanged = false;
    for (const family of IP_FAMILIES) {
      const all = await this.#client.observeAddresses(family, signal);
      const counted = all.filter(
        (address) => !this.#excluded.includes(address.interface) && counts(address.ip),
      );
      const addresses = [...new Set(counted.map(({ ip }) => ip))].sort();
      if (areEqual(addresses, this.#addresses.get(family))) continue;
      this.#addresses.set(family, addresses);
      isChanged = true;
    }
    return isChanged;
  }

  /**
   * Looks at once, and again whenever the kernel tells of what matters; calls `changed` if anything is different then.
   * Resolves when the signal ends it. Rejects with KernelError, or with what `changed` throws. One watch at a time.
   */
  async watch(changed: () => void, signal: AbortSignal): Promise<void> {
    const { promise: failure, reject } = Promise.withResolvers<never>();
    const failed = new AbortController();
    const end = AbortSignal.any([signal, failed.signal]);
    const look = (): void => {
      this.#lookUntilCurrent(changed, end).catch((error: unknown) => {
        if (!end.aborted) reject(error);
      });
    };
    const listener = {
      onDatagram: (messages: readonly NetlinkMessage[]) => {
        if (messages.some((message) => this.#matters(message))) look();
      },
      onLost: look,
      ready: look,
    };
    try {
      await Promise.race([
        listen(NETLINK_ROUTE, [RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR], listener, end),
        failure,
      ]);
    } finally {
      failed.abort();
    }
  }

  /** However much news comes meanwhile, one more look is enough for it. */
  async #lookUntilCurrent(changed: () => void, signal: AbortSignal): Promise<void> {
    this.#isOutdated = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#isOutdated) {
        this.#isOutdated = false;
        if (await this.observe(signal)) changed();
      }
    } finally {
      this.#isLooking = false;
    }
  }

  /**
   * Thousands of addresses may come and go on an interface that does not count, and the kernel tells of known ones again
   * and again when a router renews them.
   */
  #matters({ type, payload }: NetlinkMessage): boolean {
    if (type !== RTM.NEWADDR && type !== RTM.DELADDR) return false;
    if (this.#isExcluded(decodeInterfaceIndex(payload))) return false;
    const address = this.#reader.read(payload);
    if (address === undefined || !counts(address.ip)) return false;
    const isKnown = IP_FAMILIES.some((family) => this.#addresses.get(family)?.includes(address.ip));
    return isKnown === (type === RTM.DELADDR);
  }

  #isExcluded(index: number): boolean {
    const known = this.#exclusions.get(index);
    if (known !== undefined) return known;
    const isExcluded = this.#excluded.some((name) => this.#client.indexOf(name) === index);
    this.#exclusions.set(index, isExcluded);
    return isExcluded;
  }
}

function counts(ip: string): boolean {
  return !isLoopback(ip) && !cidrContains(LINK_LOCAL, ip);
}

function areEqual(a: readonly string[], b: readonly string[] | undefined): boolean {
  return a.length === b?.length && a.every((ip, index) => ip === b[index]);
}

/** The addresses of the node's own interfaces, as they were when last looked at, and news of them. */
import { cidrContains, IP_FAMILIES, type IpFamily, isLoopback, LINK_LOCAL } from '@menwei/addresses/ip.ts';
import { listen, NETLINK_ROUTE, type NetlinkMessage } from '@menwei/netlink';
import {
  type AddressOnInterface,
  AddressReader,
  decodeInterfaceIndex,
  type LinkClient,
  RTM,
  RTNLGRP,
} from '@menwei/netlink/route';
import { chooseOwnAddress, type OwnAddress } from './own-address.ts';

export interface LocalAddressesOptions {
  readonly client: LinkClient;
  /** Names of interfaces that don't count. */
  readonly excluded: readonly string[];
  /** Whether an address of another interface counts. */
  readonly counts: (ip: string) => boolean;
  /** See own-address.ts; without it nobody asks for the own address. */
  readonly observeSource?: (family: IpFamily) => Promise<string | undefined>;
}

/** What was found of one family: canonical, sorted, each once. */
interface Found {
  readonly all: readonly string[];
  /** Without those that the kernel does not accept packets at. */
  readonly usable: readonly string[];
  /** The one that stands for the machine. */
  readonly own: OwnAddress | undefined;
}

export class LocalAddresses {
  readonly #options: LocalAddressesOptions;
  /** Whether an interface is excluded, by its number: found out when news tells of it. */
  readonly #exclusions = new Map<number, boolean>();
  readonly #reader = new AddressReader();
  readonly #found = new Map<IpFamily, Found>();
  #isLooking = false;
  #isOutdated = false;

  constructor(options: LocalAddressesOptions) {
    this.#options = options;
  }

  /** The same array until anything changes. To be called only when they have been looked at. */
  of(family: IpFamily): readonly string[] {
    return this.#foundOf(family).all;
  }

  /** The same without IPv6 addresses that wait for the kernel to make sure that nobody else has them, or that somebody has. */
  usable(family: IpFamily): readonly string[] {
    return this.#foundOf(family).usable;
  }

  /** The one that stands for the machine, if there is one and somebody has asked for it. */
  own(family: IpFamily): OwnAddress | undefined {
    return this.#foundOf(family).own;
  }

  /** Looks, and says whether anything is different from the last time. Throws KernelError, or the signal's reason. */
  async observe(signal: AbortSignal): Promise<boolean> {
    const { client, excluded, counts, observeSource } = this.#options;
    this.#exclusions.clear();
    let isChanged = false;
    for (const family of IP_FAMILIES) {
      const all = await client.observeAddresses(family, signal);
      const counted = all.filter((address) => !excluded.includes(address.interface) && counts(address.ip));
      const before = this.#found.get(family);
      const found: Found = {
        all: keptIfEqual(before?.all, sortedIps(counted)),
        usable: keptIfEqual(before?.usable, sortedIps(counted.filter(isUsable))),
        own: observeSource && chooseOwnAddress(counted, await observeSource(family), before?.own?.ip),
      };
      if (before !== undefined && isSame(before, found)) continue;
      this.#found.set(family, found);
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
        // An interface that goes, or goes down, is told of as the end of each address that goes with it.
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
    if (address === undefined || !this.#options.counts(address.ip)) return false;
    // Whether the look that is under way sees it, nobody knows.
    if (this.#isLooking) return true;
    const known = [...this.#found.values()];
    if (type === RTM.DELADDR) return known.some(({ all }) => all.includes(address.ip));
    return (
      !known.some(({ all }) => all.includes(address.ip)) ||
      known.some(({ usable }) => usable.includes(address.ip)) !== isUsable(address)
    );
  }

  #isExcluded(index: number): boolean {
    const { client, excluded } = this.#options;
    const known = this.#exclusions.get(index);
    if (known !== undefined) return known;
    const isExcluded = excluded.some((name) => client.indexOf(name) === index);
    this.#exclusions.set(index, isExcluded);
    return isExcluded;
  }

  #foundOf(family: IpFamily): Found {
    const found = this.#found.get(family);
    if (found === undefined) throw new Error('BUG: local addresses that nobody has looked at');
    return found;
  }
}

/** Of IPv6; every pod's cable has one at its end on the node. */
export function isLinkLocal(ip: string): boolean {
  return cidrContains(LINK_LOCAL.IPv6, ip);
}

/** Other machines may reach it. */
export function isReachable(ip: string): boolean {
  return !isLoopback(ip) && !isLinkLocal(ip);
}

function isUsable({ state }: Pick<AddressOnInterface, 'state'>): boolean {
  return state !== 'tentative';
}

function sortedIps(addresses: readonly AddressOnInterface[]): readonly string[] {
  return [...new Set(addresses.map(({ ip }) => ip))].sort();
}

function isSame(a: Found, b: Found): boolean {
  return a.all === b.all && a.usable === b.usable && a.own?.ip === b.own?.ip && a.own?.by === b.own?.by;
}

function keptIfEqual(before: readonly string[] | undefined, now: readonly string[]): readonly string[] {
  const isEqual = now.length === before?.length && now.every((ip, index) => ip === before[index]);
  return before !== undefined && isEqual ? before : now;
}

/** The interfaces of this node from what the kernel tells of links and addresses, one piece of news after the other. */
import { cidrContains, familyOf, isLoopback, LINK_LOCAL, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { Link, ObservedAddress } from '@menwei/netlink/route';
import type { SegmentInterface } from './wire.ts';

/** What may be told anew, or be gone. */
export type InterfaceNews =
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'no link'; readonly index: number }
  | { readonly kind: 'address' | 'no address'; readonly address: ObservedAddress };

export class InterfaceTable {
  #links = new Map<number, Link>();
  /** By interface, those that matter: what is on-link there, and what to speak from. */
  #addresses = new Map<number, Map<string, ObservedAddress>>();
  #interfaces: readonly SegmentInterface[] = [];

  /** The same list as long as nothing in it changed; by their numbers. */
  get interfaces(): readonly SegmentInterface[] {
    return this.#interfaces;
  }

  /** Whether something is at the other end, as far as is known; undefined: there is no such interface. */
  hasCarrier(index: number): boolean | undefined {
    return this.#links.get(index)?.hasCarrier;
  }

  /** Starts anew from all there is. */
  replace(links: readonly Link[], addresses: readonly ObservedAddress[]): void {
    this.#links = new Map(links.map((link) => [link.index, link]));
    this.#addresses = new Map();
    for (const address of addresses) this.take({ kind: 'address', address });
  }

  /** Whether it may make a difference to {@link refresh}. */
  take(news: InterfaceNews): boolean {
    if (news.kind === 'link') {
      this.#links.set(news.link.index, news.link);
      return true;
    }
    if (news.kind === 'no link') {
      this.#addresses.delete(news.index);
      return this.#links.delete(news.index);
    }
    return this.#takeAddress(news.kind === 'address', news.address);
  }

  /** Thousands of addresses may come and go that have no neighbours, as those of Services in ipvs mode: they cost a look. */
  #takeAddress(isThere: boolean, address: ObservedAddress): boolean {
    if (!matters(address)) return false;
    const key = `${address.ip}/${address.prefixLength}`;
    const present = this.#addresses.get(address.index) ?? new Map<string, ObservedAddress>();
    this.#addresses.set(address.index, present);
    if (!isThere) return present.delete(key);
    present.set(key, address);
    return true;
  }

  /** Whether {@link interfaces} is another list now. */
  refresh(): boolean {
    const next = [...this.#links.values()]
      .sort((a, b) => a.index - b.index)
      .map((link) => this.#interfaceOf(link));
    if (JSON.stringify(next) === JSON.stringify(this.#interfaces)) return false;
    this.#interfaces = next;
    return true;
  }

  #interfaceOf(link: Link): SegmentInterface {
    const addresses = [...(this.#addresses.get(link.index)?.values() ?? [])];
    const onLink = addresses.filter(({ ip }) => !isLinkLocal(ip)).map(networkOf);
    const own = addresses.filter(({ ip, state }) => isLinkLocal(ip) && state !== 'tentative');
    return {
      name: link.name,
      index: link.index,
      mac: link.mac ?? '',
      unusable: this.#whyUnusable(link),
      onLink: [...new Set(onLink)].sort(),
      linkLocal: own.map(({ ip }) => ip).sort()[0],
    };
  }

  #whyUnusable(link: Link): string | undefined {
    if (link.isLoopback) return 'it is a loopback interface';
    if (link.isNoArp) return 'it is an interface without ARP (NOARP)';
    if (link.mac === undefined) return 'it is no Ethernet interface';
    if (link.master !== undefined && link.master.kind !== 'vrf') return this.#partOf(link.master);
    if (!link.isUp) return 'it is down';
    return link.hasCarrier ? undefined : 'it has no carrier';
  }

  #partOf({ index, kind }: NonNullable<Link['master']>): string {
    const name = this.#links.get(index)?.name ?? `interface ${index}`;
    if (kind === 'bridge') return `it is a port of bridge ${name}`;
    return kind === 'bond' ? `it is a slave of bond ${name}` : `it is a part of ${name}`;
  }
}

function matters({ ip, prefixLength }: ObservedAddress): boolean {
  if (isLoopback(ip)) return false;
  return isLinkLocal(ip) || prefixLength < (familyOf(ip) === 'IPv4' ? 32 : 128);
}

function isLinkLocal(ip: string): boolean {
  return familyOf(ip) === 'IPv6' && cidrContains(LINK_LOCAL.IPv6, ip);
}

function networkOf({ ip, prefixLength }: ObservedAddress): string {
  return parseKnownCidr(`${ip}/${prefixLength}`).text;
}

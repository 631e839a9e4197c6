/** What of some changes was not made, and what that means for the service ports that wanted it. */
import type { SetEntry } from '@menwei/netlink/ipset';
import { type Destination, type Frontend, type FrontendKey, formatFrontend } from '@menwei/netlink/ipvs';
import { keyOf } from './server-claims.ts';
import { formatFrontendEntry, ledgerShape } from './sets.ts';
import { formatDestination, type ServerContent } from './state.ts';
import type { IpvsUnit, Member } from './unit.ts';

/** Knows the virtual servers that there are, as they are. */
interface HeldServers {
  server(key: FrontendKey): Pick<ServerContent, 'server' | 'destinations'> | undefined;
}

export class Unmade {
  /** Virtual servers that were not added or changed, nor was anything done to their destinations. */
  readonly servers = new Set<FrontendKey>();
  /** Destinations that were not added or changed, by virtual server. */
  readonly #destinations = new Map<FrontendKey, Set<string>>();
  /** Addresses that were not added. */
  readonly addresses = new Set<string>();
  /** Of the ledger, which were not added or were taken out again. */
  readonly entries = new Set<SetEntry>();
  /** Nobody knows what became of the rest. */
  isMore = false;
  /** A virtual server that was to be there, and is not: somebody has removed it. */
  removed: FrontendKey | undefined;

  addDestination(frontend: Frontend, destination: Pick<Destination, 'ip' | 'port'>): void {
    const key = formatFrontend(frontend);
    const texts = this.#destinations.get(key) ?? new Set();
    this.#destinations.set(key, texts.add(formatDestination(destination)));
  }

  /** Whether what was to be done to this one was not done. */
  hasDestination(frontend: Frontend, destination: Pick<Destination, 'ip' | 'port'>): boolean {
    if (this.servers.size + this.#destinations.size === 0) return false;
    const key = formatFrontend(frontend);
    return this.servers.has(key) || this.#destinations.get(key)?.has(formatDestination(destination)) === true;
  }

  /** What is there of a unit: the very same if all is. */
  heldOf(wanted: IpvsUnit | undefined, image: HeldServers): IpvsUnit | undefined {
    if (wanted === undefined || !this.#concerns(wanted)) return wanted;
    return {
      ...wanted,
      servers: wanted.servers.flatMap((content) => {
        const there = this.#concernsServer(content) ? image.server(keyOf(content)) : content;
        return there === undefined ? [] : [{ ...content, ...there }];
      }),
      addresses: wanted.addresses.filter((ip) => !this.addresses.has(ip)),
      members: wanted.members.filter((member) => !this.#concernsMember(member, wanted)),
    };
  }

  #concerns(unit: IpvsUnit): boolean {
    return (
      unit.servers.some((content) => this.#concernsServer(content)) ||
      unit.addresses.some((ip) => this.addresses.has(ip)) ||
      unit.members.some((member) => this.#concernsMember(member, unit))
    );
  }

  #concernsServer(content: ServerContent): boolean {
    const key = keyOf(content);
    return this.servers.has(key) || this.#destinations.has(key);
  }

  #concernsMember({ set, entry }: Member, { servers }: IpvsUnit): boolean {
    if (this.entries.size === 0 || !this.entries.has(entry)) return false;
    return servers.some(({ server: { frontend } }) => {
      return (
        'ip' in frontend &&
        set === ledgerShape(frontend.family).name &&
        entry === formatFrontendEntry(frontend)
      );
    });
  }
}

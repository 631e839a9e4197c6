/**
 * What the backend left in the kernel, to notice when somebody else has changed it: IPVS tells nobody of changes. It is
 * compared piece by piece, so that a look costs little.
 */

import {
  type Destination,
  type Frontend,
  type FrontendKey,
  formatFrontend,
  type ObservedDestination,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import type { AddressOnInterface } from '@menwei/netlink/route';
import type { DestinationChange, IpvsChanges } from './changes.ts';
import { isLedger } from './sets.ts';
import { formatDestination, type IpvsState, isSameServer, type ServerContent } from './state.ts';
import type { Unmade } from './unmade.ts';

interface HeldServer {
  server: VirtualServer;
  readonly destinations: Map<string, Destination>;
}

export class KernelImage {
  readonly #servers: Map<FrontendKey, HeldServer>;
  readonly #addresses: Set<string>;
  readonly #setSizes: Map<string, number>;
  /** Whose destinations are looked at next. */
  #turn: Iterator<[FrontendKey, HeldServer]> | undefined;

  constructor({ servers, addresses, sets }: IpvsState) {
    this.#servers = new Map(Array.from(servers, ([key, content]) => [key, hold(content)]));
    this.#addresses = new Set(addresses);
    this.#setSizes = new Map(Array.from(sets, ([name, { entries }]) => [name, entries.size]));
  }

  /** All that was made of the changes. */
  update(changes: IpvsChanges, unmade: Unmade): void {
    for (const { name } of changes.sets) this.#setSizes.set(name, this.#setSizes.get(name) ?? 0);
    for (const { shape, entries } of changes.addedMembers) {
      const missing = isLedger(shape) ? [...unmade.entries].filter((entry) => entries.has(entry)).length : 0;
      this.#resize(shape.name, entries.size - missing);
    }
    for (const { shape, entries } of changes.removedMembers) this.#resize(shape.name, -entries.size);
    for (const address of changes.addedAddresses) {
      if (!unmade.addresses.has(address)) this.#addresses.add(address);
    }
    for (const address of changes.removedAddresses) this.#addresses.delete(address);
    for (const { server } of changes.removedServers) this.#servers.delete(formatFrontend(server.frontend));
    for (const content of changes.addedServers) {
      const { frontend } = content.server;
      const key = formatFrontend(frontend);
      if (unmade.servers.has(key)) continue;
      const held = hold(content);
      this.#servers.set(key, held);
      for (const [text, destination] of held.destinations) {
        if (unmade.hasDestination(frontend, destination)) held.destinations.delete(text);
      }
    }
    for (const { server } of changes.changedServers) {
      const key = formatFrontend(server.frontend);
      const held = this.#servers.get(key);
      if (held !== undefined && !unmade.servers.has(key)) held.server = server;
    }
    for (const change of [...changes.addedDestinations, ...changes.changedDestinations]) {
      if (unmade.hasDestination(change.frontend, change.destination)) continue;
      this.#destinations(change)?.set(formatDestination(change.destination), change.destination);
    }
    for (const change of [...changes.drainedDestinations, ...changes.endedDestinations]) {
      this.#destinations(change)?.delete(formatDestination(change.destination));
    }
  }

  /** As it is there. */
  server(key: FrontendKey): Pick<ServerContent, 'server' | 'destinations'> | undefined {
    const held = this.#servers.get(key);
    return held && { server: held.server, destinations: new Map(held.destinations) };
  }

  /** How they differ from what they should be, in words. Virtual servers that we don't know are somebody's own. */
  compareServers(held: readonly VirtualServer[]): string | undefined {
    let known = 0;
    for (const server of held) {
      const key = formatFrontend(server.frontend);
      const wanted = this.#servers.get(key)?.server;
      if (wanted === undefined) continue;
      known++;
      if (!isSameServer(wanted, server)) return `virtual server ${key} was changed`;
    }
    const missing = this.#servers.size - known;
    return missing === 0 ? undefined : `${missing} virtual servers were removed`;
  }

  /** Of the virtual servers whose turn it is: all are looked at in the course of several looks. */
  nextFrontends(count: number): readonly Frontend[] {
    const frontends: Frontend[] = [];
    while (frontends.length < Math.min(count, this.#servers.size)) {
      this.#turn ??= this.#servers.entries();
      const next = this.#turn.next();
      if (next.done === true) this.#turn = undefined;
      else frontends.push(next.value[1].server.frontend);
    }
    return frontends;
  }

  frontends(): ReadonlyMap<FrontendKey, Frontend> {
    return new Map(Array.from(this.#servers, ([key, { server }]) => [key, server.frontend]));
  }

  get serverCount(): number {
    return this.#servers.size;
  }

  compareDestinations(frontend: Frontend, held: readonly ObservedDestination[]): string | undefined {
    const key = formatFrontend(frontend);
    const wanted = this.#servers.get(key)?.destinations;
    if (wanted === undefined) return undefined;
    let known = 0;
    for (const destination of held) {
      const text = formatDestination(destination);
      const expected = wanted.get(text);
      if (expected === undefined) {
        if (destination.weight === 0) continue;
        return `destination ${text} of ${key} was added`;
      }
      known++;
      const isSame = destination.forwarding === expected.forwarding && destination.weight === expected.weight;
      if (!isSame) return `destination ${text} of ${key} was changed`;
    }
    return known === wanted.size ? undefined : `destinations of ${key} were removed`;
  }

  compareAddresses(held: readonly AddressOnInterface[]): string | undefined {
    const present = new Set(held.map(({ ip }) => ip));
    const missing = [...this.#addresses].find((ip) => !present.has(ip));
    if (missing !== undefined) return `address ${missing} was removed`;
    const foreign = held.find(({ ip, scope }) => scope !== 'link' && !this.#addresses.has(ip));
    return foreign === undefined ? undefined : `address ${foreign.ip} was added`;
  }

  compareSetSizes(held: ReadonlyMap<string, number>): string | undefined {
    for (const [name, size] of this.#setSizes) {
      const present = held.get(name);
      if (present === undefined) return `set ${name} was destroyed`;
      if (present !== size) return `set ${name} was changed`;
    }
    return undefined;
  }

  #resize(name: string, by: number): void {
    this.#setSizes.set(name, (this.#setSizes.get(name) ?? 0) + by);
  }

  #destinations({ frontend }: DestinationChange): Map<string, Destination> | undefined {
    return this.#servers.get(formatFrontend(frontend))?.destinations;
  }
}

function hold({ server, destinations }: ServerContent): HeldServer {
  return { server, destinations: new Map(destinations) };
}

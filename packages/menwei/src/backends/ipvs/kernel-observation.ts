/** What the kernel holds of ours, read through all the clients of the mode. */
import type { Cidr, IpFamily } from '@menwei/addresses/ip.ts';
import type { IpSetClient, ObservedSet } from '@menwei/netlink/ipset';
import {
  type Destination,
  type Frontend,
  type FrontendKey,
  formatFrontend,
  type IpvsClient,
  type ObservedDestination,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import type { LinkClient } from '@menwei/netlink/route';
import type { DrainingDestinations } from './draining-destinations.ts';
import { DEVICE } from './names.ts';
import { judgeOwnership } from './ownership.ts';
import type { RulesAccess } from './rules-access.ts';
import { observeServerList } from './server-list.ts';
import { setShapes } from './sets.ts';
import { formatDestination, type IpvsState, type ServerContent } from './state.ts';

export interface ObservationOptions {
  readonly family: IpFamily;
  readonly ipvs: Pick<IpvsClient, 'observeServers' | 'observePresent' | 'observeDestinations'>;
  readonly sets: IpSetClient;
  readonly links: LinkClient;
  readonly rules: RulesAccess;
  readonly excludeCIDRs: readonly Cidr[];
  readonly localAddresses: () => readonly string[];
}

export interface Observed {
  readonly state: IpvsState;
  /** Those of our sets that exist. */
  readonly setNames: readonly string[];
}

export class Observation {
  readonly #options: ObservationOptions;
  readonly #known: ReadonlyMap<FrontendKey, Frontend> | undefined;
  readonly #draining: DrainingDestinations;
  readonly #nowMs: number;
  readonly #signal: AbortSignal;

  /** `known`: virtual servers that are ours, whatever the kernel's evidence; undefined at the first look. */
  constructor(
    options: ObservationOptions,
    known: ReadonlyMap<FrontendKey, Frontend> | undefined,
    draining: DrainingDestinations,
    nowMs: number,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#known = known;
    this.#draining = draining;
    this.#nowMs = nowMs;
    this.#signal = signal;
  }

  /** Throws KernelError. */
  async run(): Promise<Observed> {
    const { family, sets, rules } = this.#options;
    const names = Array.from(setShapes(family).values(), ({ name }) => name);
    const { device, addresses } = await this.#observeDevice();
    const heldSets = await sets.observe(names, this.#signal);
    const servers = await this.#observeServers(addresses, heldSets);
    const state = {
      device,
      addresses,
      servers,
      sets: heldSets,
      rules: await rules.observe(this.#signal),
      ruleOrder: new Map(),
    };
    return { state, setNames: [...heldSets.keys()] };
  }

  async #observeDevice(): Promise<Pick<IpvsState, 'device' | 'addresses'>> {
    const { family, links } = this.#options;
    if (!links.hasLink(DEVICE)) return { device: false, addresses: new Set() };
    const held = await links.observeAddresses(family, this.#signal, DEVICE);
    // The kernel itself gives an interface an address of this scope.
    const addresses = held.filter(({ scope }) => scope !== 'link').map(({ ip }) => ip);
    return { device: true, addresses: new Set(addresses) };
  }

  async #observeServers(
    deviceAddresses: ReadonlySet<string>,
    sets: ReadonlyMap<string, ObservedSet>,
  ): Promise<ReadonlyMap<FrontendKey, ServerContent>> {
    const { family, ipvs, excludeCIDRs, localAddresses } = this.#options;
    const known = this.#known;
    const isOurs = judgeOwnership({
      family,
      known,
      deviceAddresses,
      sets,
      localAddresses: new Set(localAddresses()),
      excludeCIDRs,
    });
    const servers = new Map<FrontendKey, ServerContent>();
    for (const server of await observeServerList(ipvs, family, known, this.#signal)) {
      const { frontend } = server;
      if (!isOurs(frontend)) continue;
      const held = await ipvs.observeDestinations(frontend, this.#signal);
      servers.set(formatFrontend(frontend), this.#content(server, held));
    }
    return servers;
  }

  #content(server: VirtualServer, held: readonly ObservedDestination[]): ServerContent {
    const { frontend } = server;
    const destinations = new Map<string, Destination>();
    const lingering = new Set<string>();
    for (const each of held) {
      const text = formatDestination(each);
      if (each.weight === 0) {
        lingering.add(text);
        // Left over from an earlier run, or from somebody who took it out of service.
        this.#draining.drain(frontend, each, this.#nowMs);
        continue;
      }
      const { ip, port, forwarding, weight } = each;
      destinations.set(text, { ip, port, forwarding, weight });
    }
    return { server, destinations, lingering, servicePort: '' };
  }
}

/** One service port → its elements in the table's sets and maps (spec §§ 3.1, 5.7). */
import type { Cidr } from '@menwei/addresses/ip.ts';
import { type Bytes, type Chain, type SetDeclaration, tableFamily } from '@menwei/netlink/nftables';
import { answeredVIPs } from '../../services/answered-vips.ts';
import { weightsOf } from '../../services/apportionment.ts';
import type { NodeView } from '../../services/node-view.ts';
import { assess, type Situation } from '../../services/situation.ts';
import type { Endpoint, ServicePort } from '../../state/service-port.ts';
import { type Among, clientMap, type RememberedIn, rememberChain, stickyChain } from './affinity.ts';
import {
  ANSWER_NUMBERS,
  CLUSTER_IPS,
  FIREWALL_IPS,
  type FrontendKind,
  fitComment,
  HAIRPINS,
  LOAD_BALANCER_IPS,
  partOf,
  SETS,
  SOURCE_RANGES,
} from './names.ts';
import type { NftablesOptions } from './options.ts';
import { type Pick, pickNumber } from './pick-chains.ts';
import { assignWeightedSlots, type Seats } from './slots.ts';
import { allowedSources } from './source-ranges.ts';
import type { Frontend, Member, NftablesUnit } from './unit.ts';
import { addressKey, cidrRange, endpointSize, endpointValues, frontendKey, numberValue } from './values.ts';

/** Endpoints by slot, as a unit has them. */
export interface Slots {
  readonly all: Bytes;
  readonly local: Bytes;
  readonly whole: NftablesUnit['whole'];
}

const NO_SLOTS: Slots = { all: '', local: '', whole: undefined };

/** @param previous endpoint in each slot now, so that nobody moves without need */
export function compile(
  port: ServicePort,
  node: NodeView,
  options: NftablesOptions,
  previous: Slots = NO_SLOTS,
): NftablesUnit {
  const { family } = port;
  const situation = assess(port, node);
  const { clusterEndpoints, localEndpoints } = situation.endpoints;
  const slots = slotsOf(port, { all: clusterEndpoints, local: localEndpoints }, previous);
  const writer = new UnitWriter(port, situation, slots);
  writer.clusterIP();
  for (const ip of externalAddresses(port)) writer.external('ip', frontendKey(family, ip, port));
  if (port.nodePort !== 0) {
    const { protocol, nodePort } = port;
    writer.external('nodeport', frontendKey(family, undefined, { protocol, port: nodePort }));
  }
  writer.loadBalancerIPs(answeredVIPs(port, options.answeredVIPs));
  writer.sourceRanges(allowedSources(port, node));
  writer.hairpins();
  writer.affinity();
  return {
    comment: writer.comment,
    ...slots,
    weighed: isWeighed(port, situation.endpoints.allReachable) ? port : undefined,
    frontends: writer.frontends,
    remember: writer.remember,
    members: writer.members,
    shared: writer.shared,
    picks: writer.picks,
    chains: [...writer.chains.values()],
    sets: writer.sets,
  };
}

function slotsOf(
  port: ServicePort,
  endpoints: Readonly<Record<Among, readonly Endpoint[]>>,
  previous: Slots,
): Slots {
  const seatsOf = (among: Among): Seats => {
    const values = endpointValues(port.family, endpoints[among]);
    const before = { slots: previous[among], whole: previous.whole?.[among] };
    return assignWeightedSlots(values, weightsOf(port, endpoints[among]), before, sizeOf(port));
  };
  const [all, local] = [seatsOf('all'), seatsOf('local')];
  const isSettled = all.whole === undefined && local.whole === undefined;
  return {
    all: all.slots,
    local: local.slots,
    whole: isSettled ? undefined : { all: all.whole, local: local.whole },
  };
}

function isWeighed(port: ServicePort, endpoints: readonly Endpoint[]): boolean {
  return endpoints.length > 0 && weightsOf(port, endpoints) !== undefined;
}

function sizeOf({ family }: ServicePort): number {
  return endpointSize(tableFamily(family));
}

/** A Service may name an address twice, as external IP and by its load balancer. */
function externalAddresses(port: ServicePort): ReadonlySet<string> {
  const addresses = new Set([...port.externalIPs, ...port.loadBalancerVIPs]);
  if (port.clusterIP !== undefined) addresses.delete(port.clusterIP);
  return addresses;
}

/** From a frontend to endpoints. */
interface Way {
  readonly kind: FrontendKind;
  readonly among: Among;
  readonly masqueraded?: boolean;
}

class UnitWriter {
  readonly comment: string;
  readonly frontends: Frontend[] = [];
  readonly members: Member[] = [];
  readonly shared: Member[] = [];
  readonly picks: Pick[] = [];
  readonly chains = new Map<string, Chain>();
  readonly sets: SetDeclaration[] = [];
  readonly remember: Partial<Record<RememberedIn, string>> = {};
  readonly #port: ServicePort;
  readonly #situation: Situation;
  readonly #slots: Slots;

  constructor(port: ServicePort, situation: Situation, slots: Slots) {
    this.comment = fitComment(port.displayName);
    this.#port = port;
    this.#situation = situation;
    this.#slots = slots;
  }

  clusterIP(): void {
    const { clusterIP, family, namespace, name, internalPolicyLocal } = this.#port;
    if (clusterIP === undefined) return;
    this.#share(CLUSTER_IPS, addressKey(family, clusterIP), `${namespace}/${name}`);
    const key = frontendKey(family, clusterIP, this.#port);
    if (!this.#situation.hasInternalEndpoints) {
      this.#leadNowhere('ip', key);
      return;
    }
    this.#frontend('ip', key, !internalPolicyLocal, internalPolicyLocal);
    const among = internalPolicyLocal ? 'local' : 'all';
    this.#pick(SETS.ip.frontends, key, { kind: 'ip', among });
  }

  /** An external IP, a load-balancer IP or a NodePort. */
  external(kind: FrontendKind, key: Bytes): void {
    const { externalPolicyLocal } = this.#port;
    const { hasEndpoints, hasExternalEndpoints } = this.#situation;
    const sets = SETS[kind];
    if (hasEndpoints) this.#frontend(kind, key, true, externalPolicyLocal);
    if (hasEndpoints && !externalPolicyLocal) {
      this.#pick(sets.frontends, key, { kind, among: 'all', masqueraded: true });
    }
    if (hasEndpoints && externalPolicyLocal) {
      this.#add(sets.externalLocal, key);
      if (this.#situation.endpoints.clusterEndpoints.length > 0) {
        this.#pick(sets.shortCircuit, key, { kind, among: 'all' });
      }
      if (hasExternalEndpoints) this.#pick(sets.local, key, { kind, among: 'local' });
    }
    if (!hasExternalEndpoints) this.#leadNowhere(kind, key);
  }

  /** Those that the node answers for where no Service does. */
  loadBalancerIPs(ips: readonly string[]): void {
    const { family, namespace, name } = this.#port;
    for (const ip of ips) this.#share(LOAD_BALANCER_IPS, addressKey(family, ip), `${namespace}/${name}`);
  }

  /** In force without endpoints too, as upstream (KQ-16). */
  sourceRanges(sources: readonly Cidr[] | undefined): void {
    if (sources === undefined) return;
    for (const vip of this.#port.loadBalancerVIPs) {
      const key = frontendKey(this.#port.family, vip, this.#port);
      this.#add(FIREWALL_IPS, key);
      for (const source of sources) this.#add(SOURCE_RANGES, key + cidrRange(source));
    }
  }

  /** A pod that is sent to itself must not see its own address as the client's. */
  hairpins(): void {
    const local = this.#situation.endpoints.allReachable.filter((endpoint) => endpoint.isLocal);
    for (const ip of new Set(local.map((endpoint) => endpoint.ip)))
      this.#share(HAIRPINS, addressKey(this.#port.family, ip, ip), '');
  }

  /** After the frontends: what remembers the clients that come in by them. */
  affinity(): void {
    if (this.#port.sessionAffinitySeconds === 0) return;
    const usesAll = this.frontends.some((frontend) => frontend.usesAll);
    const usesLocal = this.frontends.some((frontend) => frontend.usesLocal);
    if (usesAll) this.#remember('all');
    if (usesLocal) this.#remember('local');
    if (usesAll && usesLocal) this.#rememberIn('both');
  }

  /** Refused when there is no endpoint anywhere; dropped when only this node has none. */
  #leadNowhere(kind: FrontendKind, key: Bytes): void {
    const answer = this.#situation.hasEndpoints ? 'drop' : 'refuse';
    this.#add(SETS[kind].noEndpoint, key, numberValue(ANSWER_NUMBERS[answer]));
  }

  #frontend(kind: FrontendKind, key: Bytes, usesAll: boolean, usesLocal: boolean): void {
    this.frontends.push({ kind, key, part: this.#partOf(kind), usesAll, usesLocal });
  }

  /** The frontend leads to a chain that picks. */
  #pick(map: string, key: Bytes, { kind, among, masqueraded = false }: Way): void {
    const count = this.#slots[among].length / sizeOf(this.#port);
    const pick = { kind, among, masqueraded, by: { part: this.#partOf(kind), count } };
    if (this.#port.sessionAffinitySeconds === 0) {
      this.picks.push(pick);
      this.#add(map, key, pickNumber(pick));
      return;
    }
    const memory = { ...pick, by: 'memory' } as const;
    const chance = { ...pick, masqueraded: false };
    this.picks.push(memory, chance);
    this.#add(map, key, pickNumber(memory));
    const sticky = stickyChain(this.#port, chance);
    this.chains.set(sticky.name, sticky);
    this.#add(SETS[kind].sticky[among], key, `goto ${sticky.name}`);
  }

  #remember(among: Among): void {
    this.sets.push(clientMap(this.#port, among));
    this.#rememberIn(among);
  }

  #rememberIn(where: RememberedIn): void {
    const chain = rememberChain(this.#port, where);
    this.chains.set(chain.name, chain);
    this.remember[where] = chain.name;
  }

  #partOf(kind: FrontendKind): number {
    return partOf(kind, this.#port.key);
  }

  #add(set: string, key: Bytes, data?: Bytes): void {
    this.members.push({ set, element: { key, data, comment: this.comment } });
  }

  #share(set: string, key: Bytes, comment: string): void {
    this.shared.push({ set, element: { key, data: undefined, comment } });
  }
}

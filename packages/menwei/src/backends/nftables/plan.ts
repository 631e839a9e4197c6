/** The desired units put together into the content of the table, change by change. */

import { isDeepStrictEqual } from 'node:util';
import { parseKnownCidr } from '@menwei/addresses/ip.ts';
import type {
  Bytes,
  Chain,
  Element,
  Elements,
  SetDeclaration,
  Table,
  TableContent,
} from '@menwei/netlink/nftables';
import type { Steps } from '../../scheduling/steps.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { Plan, StateChange } from '../backend.ts';
import { frameChains, nodePortIPs } from './base-chains.ts';
import { frameSets, frameTable } from './base-sets.ts';
import { compile } from './compile.ts';
import { EndpointElements, forEachMember, type UnitFrontend } from './elements.ts';
import { ANSWER_NUMBERS, ANSWERS, endpointMap, NODEPORT_IPS, REJECT, SERVICE_CIDRS } from './names.ts';
import { ObservedSlots } from './observed-slots.ts';
import type { NftablesOptions } from './options.ts';
import { type Pick, type PickChain, parsePickChainName, pickChainName, pickChains } from './pick-chains.ts';
import type { NftablesState } from './state.ts';
import type { Member, NftablesUnit } from './unit.ts';
import { addressKey, cidrRange, endpointSize, numberValue } from './values.ts';

type Units = ReadonlyMap<ServicePortKey, NftablesUnit | undefined>;

/** A part of the plan: of the units, what only one of them has; the frame and what all share as far as asked. */
interface Part {
  readonly units: Iterable<NftablesUnit>;
  readonly shared: Iterable<string>;
  readonly withFrame: boolean;
  readonly picks: Iterable<PickChain>;
}

export class NftablesPlan implements Plan<NftablesUnit, NftablesState> {
  readonly #options: NftablesOptions;
  readonly #table: Table;
  /** Of the frame. */
  readonly #sets: ReadonlyMap<string, SetDeclaration>;
  /** Of an endpoint's value, in bytes. */
  readonly #endpointSize: number;
  readonly #units = new Map<ServicePortKey, NftablesUnit>();
  readonly #shared = new SharedMembers();
  /**
   * Chains that pick stay once they were needed: there is one for each number of endpoints at most, and a Service that
   * scales up and down needs them again. The next start takes away those that nothing leads to.
   */
  readonly #picks = new Map<string, PickChain>();
  #node: NodeView | undefined;
  #frameChains: readonly Chain[] = [];
  #frameMembers: readonly Member[] = [];

  constructor(options: NftablesOptions) {
    this.#options = options;
    this.#table = frameTable(options.family);
    this.#sets = new Map(frameSets(options.family).map((set) => [set.name, set]));
    this.#endpointSize = endpointSize(this.#table.family);
  }

  unit(key: ServicePortKey): NftablesUnit | undefined {
    return this.#units.get(key);
  }

  update(node: NodeView, units: Units): StateChange<NftablesState> {
    const shared = this.#touchedShared(units);
    const isFrameKept = this.#node !== undefined && hasSameFrame(node, this.#node);
    const before = this.#part({
      units: this.#unitsOf(units.keys()),
      shared,
      withFrame: !isFrameKept,
      picks: [],
    });
    if (!isFrameKept) this.#setFrame(node);
    const newPicks: PickChain[] = [];
    for (const [key, unit] of units) newPicks.push(...this.#put(key, unit));
    const after = (): TableContent =>
      this.#part({
        units: this.#unitsOf(units.keys()),
        shared,
        withFrame: !isFrameKept,
        picks: newPicks,
      });
    return {
      before,
      // Made up when it is read: who does not know the kernel has no use for it.
      get after() {
        return after();
      },
    };
  }

  complete(): NftablesState {
    return this.#part({
      units: this.#units.values(),
      shared: this.#shared.keys(),
      withFrame: true,
      picks: this.#picks.values(),
    });
  }

  /** Endpoints keep the slots that the kernel has them in, so that a restart moves nobody. */
  *settle(observed: NftablesState): Steps<void> {
    if (observed === undefined) return;
    const abandoned: Pick[] = [];
    for (const [key, unit] of this.#units) {
      const slotted = this.#settleUnit(unit, new ObservedSlots(unit, observed, this.#endpointSize));
      if (slotted !== unit) {
        this.#units.set(key, slotted);
        abandoned.push(...unit.picks);
        for (const pick of slotted.picks) this.#need(pick);
      }
      yield;
    }
    this.#abandon(abandoned, observed);
  }

  /** The very same if nobody moves. */
  #settleUnit(unit: NftablesUnit, slots: ObservedSlots): NftablesUnit {
    if (unit.weighed === undefined || this.#node === undefined) return slots.takeSlots();
    const settled = compile(unit.weighed, this.#node, this.#options, slots.readAll());
    return settled.all === unit.all && settled.local === unit.local ? unit : settled;
  }

  /** Chains for numbers of slots that nobody has, nor had in the kernel. */
  #abandon(picks: readonly Pick[], { chains }: TableContent): void {
    const strange = picks.flatMap(chainNames).filter((name) => !chains.has(name));
    if (strange.length === 0) return;
    const needed = new Set([...this.#units.values()].flatMap((unit) => unit.picks.flatMap(chainNames)));
    for (const name of strange) if (!needed.has(name)) this.#picks.delete(name);
  }

  /** Chains that pick, though nothing may lead to them. */
  adopt(observed: NftablesState): void {
    for (const name of observed?.chains.keys() ?? []) {
      const pick = parsePickChainName(name);
      if (pick !== undefined) this.#need(pick);
    }
  }

  #part({ units, shared, withFrame, picks }: Part): TableContent {
    const chains = new Map(withFrame ? this.#frameChains.map((chain) => [chain.name, chain]) : []);
    const ownSets = new Map<string, SetDeclaration>();
    const members = new Map<string, Map<Bytes, Element>>();
    const add = (set: string, element: Element) => {
      ensure(members, set, () => new Map()).set(element.key, element);
    };
    if (withFrame) for (const { set, element } of this.#frameMembers) add(set, element);
    for (const { chain, map, element } of picks) {
      chains.set(chain.name, chain);
      add(map, element);
    }
    for (const key of shared) {
      const member = this.#shared.get(key);
      if (member !== undefined) add(member.set, member.element);
    }
    const frontends = new Map<string, UnitFrontend[]>();
    for (const unit of units) {
      forEachMember(unit, this.#endpointSize, add);
      for (const chain of unit.chains) chains.set(chain.name, chain);
      for (const set of unit.sets) ownSets.set(set.name, set);
      for (const frontend of unit.frontends) {
        const map = endpointMap(frontend.kind, frontend.part);
        ensure(frontends, map, () => []).push({ unit, frontend });
      }
    }
    const elementsOf = (all: readonly UnitFrontend[]) => new EndpointElements(all, this.#endpointSize);
    const endpoints = Array.from(frontends, ([map, all]) => [map, elementsOf(all)] as const);
    return {
      table: this.#table,
      chains,
      sets: ownSets.size === 0 ? this.#sets : new Map([...this.#sets, ...ownSets]),
      elements: new Map<string, Elements>([...members, ...endpoints]),
    };
  }

  *#unitsOf(keys: Iterable<ServicePortKey>): Iterable<NftablesUnit> {
    for (const key of keys) {
      const unit = this.#units.get(key);
      if (unit !== undefined) yield unit;
    }
  }

  /** What all share and some of these units had, or will have. */
  #touchedShared(units: Units): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const [key, unit] of units) {
      for (const member of this.#units.get(key)?.shared ?? []) keys.add(sharedKey(member));
      for (const member of unit?.shared ?? []) keys.add(sharedKey(member));
    }
    return keys;
  }

  #setFrame(node: NodeView): void {
    const { family } = this.#options;
    this.#node = node;
    this.#frameChains = frameChains(node, this.#options);
    this.#frameMembers = [
      ...nodePortIPs(node).map((ip) => member(NODEPORT_IPS, addressKey(family, ip))),
      ...node.serviceCIDRs.map((cidr) => member(SERVICE_CIDRS, cidrRange(parseKnownCidr(cidr)))),
      member(ANSWERS, numberValue(ANSWER_NUMBERS.refuse), `goto ${REJECT}`),
      member(ANSWERS, numberValue(ANSWER_NUMBERS.drop), 'drop'),
    ];
  }

  /** Returns the chains that are needed for the first time. */
  #put(key: ServicePortKey, unit: NftablesUnit | undefined): readonly PickChain[] {
    for (const shared of unit?.shared ?? []) this.#shared.take(shared);
    for (const shared of this.#units.get(key)?.shared ?? []) this.#shared.release(shared);
    if (unit === undefined) {
      this.#units.delete(key);
      return [];
    }
    this.#units.set(key, unit);
    return unit.picks.flatMap((pick) => this.#need(pick));
  }

  /** Returns the chains that are needed for the first time. */
  #need(pick: Pick): readonly PickChain[] {
    if (this.#picks.has(pickChainName(pick))) return [];
    // Some of those it leads to may be there.
    const made = pickChains(pick, this.#options).filter(({ chain }) => !this.#picks.has(chain.name));
    for (const each of made) this.#picks.set(each.chain.name, each);
    return made;
  }
}

/**
 * Elements that more than one unit may have: each stays until the last of its units is gone. Where Services share an
 * address, the first of them by name is the comment, whichever came first.
 */
class SharedMembers {
  /** One for each unit that has it. */
  readonly #members = new Map<string, Member[]>();

  keys(): Iterable<string> {
    return this.#members.keys();
  }

  get(key: string): Member | undefined {
    return this.#members.get(key)?.reduce((a, b) => (b.element.comment < a.element.comment ? b : a));
  }

  take(member: Member): void {
    const key = sharedKey(member);
    const members = this.#members.get(key);
    if (members === undefined) this.#members.set(key, [member]);
    else members.push(member);
  }

  release(member: Member): void {
    const key = sharedKey(member);
    const members = this.#members.get(key) ?? [];
    const index = members.findIndex(({ element }) => element.comment === member.element.comment);
    if (index < 0) throw new Error(`BUG: ${key} was released too often`);
    members.splice(index, 1);
    if (members.length === 0) this.#members.delete(key);
  }
}

function sharedKey({ set, element }: Member): string {
  return `${set} ${element.key}`;
}

/** The chain, and that which it leads to. */
function chainNames(pick: Pick): readonly string[] {
  return pick.masqueraded
    ? [pickChainName(pick), pickChainName({ ...pick, masqueraded: false })]
    : [pickChainName(pick)];
}

function ensure<T>(map: Map<string, T>, key: string, make: () => T): T {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}

function hasSameFrame(a: NodeView, b: NodeView): boolean {
  return (
    isDeepStrictEqual(a.detectLocal, b.detectLocal) &&
    isDeepStrictEqual(a.nodePortAddresses, b.nodePortAddresses) &&
    isDeepStrictEqual(a.serviceCIDRs, b.serviceCIDRs) &&
    a.ownIP === b.ownIP
  );
}

function member(set: string, key: Bytes, data?: Bytes): Member {
  const element: Element = { key, data, comment: '' };
  return { set, element };
}

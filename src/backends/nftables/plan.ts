/** The desired units put together into the content of the table, change by change. */
import { isDeepStrictEqual } from 'node:util';
import type {
  Chain,
  Element,
  SetDeclaration,
  Table,
  TableContent,
} from '../../kernel/netlink/nf-tables/model.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePortKey } from '../../services/service-port.ts';
import type { Plan, StateChange } from '../backend.ts';
import { forEachElement } from './elements.ts';
import { frameChains, nodePortIPs } from './frame-chains.ts';
import { frameSets, frameTable } from './frame-sets.ts';
import { type Entrance, NODEPORT_IPS, SERVICE_CIDRS, SETS } from './names.ts';
import type { NftablesOptions } from './options.ts';
import {
  FIRST_LOCAL_SLOT,
  pickChainName,
  pickChains,
  rememberChain,
  rememberChainName,
} from './pick-chains.ts';
import { assignSlots, seatedIn } from './slots.ts';
import { ElementTable, type NftablesState } from './state.ts';
import type { Frontend, Member, NftablesUnit } from './unit.ts';

type Units = ReadonlyMap<ServicePortKey, NftablesUnit | undefined>;

export class NftablesPlan implements Plan<NftablesUnit, NftablesState> {
  readonly #options: NftablesOptions;
  readonly #table: Table;
  readonly #sets: ReadonlyMap<string, SetDeclaration>;
  readonly #units = new Map<ServicePortKey, NftablesUnit>();
  readonly #shared = new SharedMembers();
  #node: NodeView | undefined;
  /** Replaced when one changes, so that two states with the same map have the same chains. */
  #chains: ReadonlyMap<string, Chain> = new Map();
  #frame: readonly Member[] = [];

  constructor(options: NftablesOptions) {
    this.#options = options;
    this.#table = frameTable(options.family);
    this.#sets = new Map(frameSets(options.family).map((set) => [set.name, set]));
  }

  unit(key: ServicePortKey): NftablesUnit | undefined {
    return this.#units.get(key);
  }

  update(node: NodeView, units: Units): StateChange<NftablesState> {
    const keys = [...units.keys()];
    const sharedKeys = new Set<string>();
    for (const [key, unit] of units) {
      for (const member of [...(this.#units.get(key)?.shared ?? []), ...(unit?.shared ?? [])]) {
        sharedKeys.add(sharedKey(member));
      }
    }
    const before = this.#piece(keys, sharedKeys);
    this.#setNode(node);
    for (const [key, unit] of units) this.#put(key, unit);
    return { before, after: this.#piece(keys, sharedKeys) };
  }

  complete(): NftablesState {
    return this.#piece(this.#units.keys(), this.#shared.keys());
  }

  /** Endpoints keep the slots that the kernel has them in, so that a restart moves nobody. */
  settle(observed: NftablesState): void {
    if (observed === undefined) return;
    for (const [key, unit] of this.#units) this.#units.set(key, seatAsObserved(unit, observed));
  }

  #piece(keys: Iterable<ServicePortKey>, sharedKeys: Iterable<string>): NftablesState {
    const elements = new ElementTable();
    for (const { set, element } of this.#frame) elements.add(set, element);
    for (const key of sharedKeys) {
      const member = this.#shared.get(key);
      if (member !== undefined) elements.add(member.set, member.element);
    }
    for (const key of keys) {
      const unit = this.#units.get(key);
      if (unit !== undefined) forEachElement(unit, (set, element) => elements.add(set, element));
    }
    return { table: this.#table, chains: this.#chains, sets: this.#sets, elements: elements.bySet };
  }

  #setNode(node: NodeView): void {
    if (this.#node !== undefined && hasSameFrame(node, this.#node)) return;
    this.#node = node;
    const chains = frameChains(node, this.#options);
    // The chains that pick stay as they are.
    this.#chains = new Map([...this.#chains, ...chains.map((chain) => [chain.name, chain] as const)]);
    this.#frame = [
      ...nodePortIPs(node).map((ip) => member(NODEPORT_IPS, ip)),
      ...node.serviceCIDRs.map((cidr) => member(SERVICE_CIDRS, cidr)),
    ];
  }

  #put(key: ServicePortKey, unit: NftablesUnit | undefined): void {
    for (const shared of unit?.shared ?? []) this.#shared.take(shared);
    for (const shared of this.#units.get(key)?.shared ?? []) this.#shared.release(shared);
    if (unit === undefined) {
      this.#units.delete(key);
      return;
    }
    this.#units.set(key, unit);
    for (const chain of this.#missingChains(unit))
      this.#chains = new Map([...this.#chains, [chain.name, chain]]);
  }

  /**
   * Chains that pick stay once they were needed: there is one for each number of endpoints at most, and a Service that
   * scales up and down needs them again. The next start takes away those that nothing leads to.
   */
  #missingChains(unit: NftablesUnit): readonly Chain[] {
    const missing = unit.picks
      .filter((pick) => !this.#chains.has(pickChainName(pick)))
      .flatMap((pick) => pickChains(pick, this.#options));
    const { affinitySeconds } = unit;
    if (affinitySeconds === 0) return missing;
    const remembering = new Set<Entrance>(unit.frontends.map(({ entrance }) => entrance));
    return [
      ...missing,
      ...[...remembering]
        .filter((entrance) => !this.#chains.has(rememberChainName(entrance, affinitySeconds)))
        .map((entrance) => rememberChain(entrance, affinitySeconds, this.#options.family)),
    ];
  }
}

/** Elements that more than one unit may have: each stays until the last of its units is gone. */
class SharedMembers {
  readonly #members = new Map<string, { readonly member: Member; count: number }>();

  keys(): Iterable<string> {
    return this.#members.keys();
  }

  get(key: string): Member | undefined {
    return this.#members.get(key)?.member;
  }

  take(member: Member): void {
    const key = sharedKey(member);
    const held = this.#members.get(key);
    if (held === undefined) this.#members.set(key, { member, count: 1 });
    else held.count++;
  }

  release(member: Member): void {
    const key = sharedKey(member);
    const held = this.#members.get(key);
    if (held === undefined) throw new Error(`BUG: ${key} was released too often`);
    held.count--;
    if (held.count === 0) this.#members.delete(key);
  }
}

function sharedKey({ set, element }: Member): string {
  return `${set} ${element.key}`;
}

/** The frontends of a unit share their slots, so the first one that has any tells for all. */
function seatAsObserved(unit: NftablesUnit, { elements }: TableContent): NftablesUnit {
  const seated = (frontend: Frontend | undefined, first: number, wanted: readonly string[]) => {
    if (frontend === undefined) return wanted;
    const { endpoints } = SETS[frontend.entrance];
    return assignSlots(wanted, seatedIn(elements.get(endpoints), frontend.key, first, wanted.length));
  };
  return {
    ...unit,
    all: seated(
      unit.frontends.find(({ usesAll }) => usesAll),
      0,
      unit.all,
    ),
    local: seated(
      unit.frontends.find(({ usesLocal }) => usesLocal),
      FIRST_LOCAL_SLOT,
      unit.local,
    ),
  };
}

function hasSameFrame(a: NodeView, b: NodeView): boolean {
  return (
    isDeepStrictEqual(a.detectLocal, b.detectLocal) &&
    isDeepStrictEqual(a.nodePortAddresses, b.nodePortAddresses) &&
    isDeepStrictEqual(a.serviceCIDRs, b.serviceCIDRs)
  );
}

function member(set: string, key: string): Member {
  const element: Element = { key, data: undefined, comment: '' };
  return { set, element };
}

/** The desired units put together into what the kernel must hold, change by change. */

import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { FrontendKey } from '@menwei/netlink/ipvs';
import { done, type Steps } from '../../scheduling/steps.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { Plan, StateChange } from '../backend.ts';
import {
  type BaseChains,
  type ContributionChange,
  SharedChains,
  type SharedContents,
} from '../xtables/shared-chains.ts';
import { Tally } from '../xtables/tally.ts';
import { compileBase } from './base.ts';
import { FILTER_IPVS_OUT } from './names.ts';
import type { IpvsOptions } from './options.ts';
import { keyOf, ServerClaims } from './server-claims.ts';
import { LEDGER_SEAL, ledgerShape, setName, setShapes } from './sets.ts';
import type { IpvsState, RuleOrder, ServerContent, SetContent } from './state.ts';
import type { IpvsUnit } from './unit.ts';

type Units = ReadonlyMap<ServicePortKey, IpvsUnit | undefined>;

/** What some units have, or will have, a part in. */
interface Touched {
  readonly servers: ReadonlySet<FrontendKey>;
  readonly addresses: ReadonlySet<string>;
  /** By name of the set. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
}

export class IpvsPlan implements Plan<IpvsUnit, IpvsState> {
  readonly #options: IpvsOptions;
  readonly #units = new Map<ServicePortKey, IpvsUnit>();
  readonly #servers = new ServerClaims();
  readonly #addresses = new Tally();
  /** By name of the set. */
  readonly #members: ReadonlyMap<string, Tally>;
  readonly #chains = new SharedChains();
  #ruleOrder: RuleOrder = new Map();

  constructor(options: IpvsOptions) {
    this.#options = options;
    const shapes = setShapes(options.family).values();
    this.#members = new Map(Array.from(shapes, ({ name }) => [name, new Tally()]));
    this.#tally(ledgerShape(options.family).name).take(LEDGER_SEAL[options.family]);
  }

  unit(key: ServicePortKey): IpvsUnit | undefined {
    return this.#units.get(key);
  }

  update(node: NodeView, units: Units): StateChange<IpvsState> {
    const touched = this.#touchedBy(units);
    const present = this.#piece(touched);
    const contributions = this.#contributions(units);
    for (const [key, unit] of units) this.#put(key, unit);
    const chains = this.#chains.update(this.#base(node), contributions);
    this.#ruleOrder = orderOf(this.#options, node);
    const ruleOrder = this.#ruleOrder;
    const after = (): IpvsState => ({ ...this.#piece(touched), rules: rulesetOf(chains.after), ruleOrder });
    return {
      before: { ...present, rules: rulesetOf(chains.before), ruleOrder },
      // Made up when it is read: who does not know the kernel has no use for it.
      get after() {
        return after();
      },
    };
  }

  settle(): Steps<void> {
    // There is one answer to everything.
    return done(undefined);
  }

  complete(): IpvsState {
    const sets = Array.from(setShapes(this.#options.family).values(), (shape): [string, SetContent] => [
      shape.name,
      { shape, entries: this.#tally(shape.name).all() },
    ]);
    return {
      device: true,
      addresses: this.#addresses.all(),
      servers: this.servers(),
      sets: new Map(sets),
      rules: this.rules(),
      ruleOrder: this.#ruleOrder,
    };
  }

  /** The complete desired virtual servers. */
  servers(): ReadonlyMap<FrontendKey, ServerContent> {
    return this.#servers.among(this.#servers.keys());
  }

  /** The complete desired iptables rules. */
  rules(): Ruleset {
    return rulesetOf(this.#chains.complete());
  }

  #touchedBy(units: Units): Touched {
    const servers = new Set<FrontendKey>();
    const addresses = new Set<string>();
    const members = new Map<string, Set<string>>();
    for (const [key, after] of units) {
      for (const unit of [this.#units.get(key), after]) {
        for (const content of unit?.servers ?? []) servers.add(keyOf(content));
        for (const ip of unit?.addresses ?? []) addresses.add(ip);
        for (const { set, entry } of unit?.members ?? []) {
          const entries = members.get(set);
          if (entries === undefined) members.set(set, new Set([entry]));
          else entries.add(entry);
        }
      }
    }
    return { servers, addresses, members };
  }

  #piece(touched: Touched): Omit<IpvsState, 'rules' | 'ruleOrder'> {
    const sets = new Map<string, SetContent>();
    for (const shape of setShapes(this.#options.family).values()) {
      const entries = touched.members.get(shape.name);
      if (entries !== undefined)
        sets.set(shape.name, { shape, entries: this.#tally(shape.name).among(entries) });
    }
    return {
      device: true,
      addresses: this.#addresses.among(touched.addresses),
      servers: this.#servers.among(touched.servers),
      sets,
    };
  }

  /** Rules depend on which sets have members, so it comes after those. */
  #base(node: NodeView): BaseChains {
    return compileBase({
      options: this.#options,
      detectLocal: node.detectLocal,
      isFilled: (id) => !this.#tally(setName(id, this.#options.family)).isEmpty,
    });
  }

  #contributions(units: Units): readonly ContributionChange[] {
    const share = (unit: IpvsUnit | undefined) =>
      (unit?.outFilterRules ?? []).map((rule) => ({ chain: FILTER_IPVS_OUT, rule }));
    return Array.from(units, ([key, unit]) => ({
      key,
      before: share(this.#units.get(key)),
      after: share(unit),
    }));
  }

  #put(key: ServicePortKey, unit: IpvsUnit | undefined): void {
    const present = this.#units.get(key);
    if (present !== undefined) this.#release(present);
    if (unit !== undefined) this.#take(unit);
    if (unit === undefined) this.#units.delete(key);
    else this.#units.set(key, unit);
  }

  #take({ servers, addresses, members }: IpvsUnit): void {
    for (const content of servers) this.#servers.take(content);
    for (const ip of addresses) this.#addresses.take(ip);
    for (const { set, entry } of members) this.#tally(set).take(entry);
  }

  #release({ servers, addresses, members }: IpvsUnit): void {
    for (const content of servers) this.#servers.release(content);
    for (const ip of addresses) this.#addresses.release(ip);
    for (const { set, entry } of members) this.#tally(set).release(entry);
  }

  #tally(set: string): Tally {
    const tally = this.#members.get(set);
    if (tally === undefined) throw new Error(`BUG: no set ${set}`);
    return tally;
  }
}

/** As they would stand if every set had members. */
function orderOf(options: IpvsOptions, { detectLocal }: NodeView): RuleOrder {
  const chains = compileBase({ options, detectLocal, isFilled: () => true });
  return new Map([...chains].flatMap(([id, { head }]) => (head === 'any' ? [] : [[id, head] as const])));
}

function rulesetOf(fixed: SharedContents): Ruleset {
  return { own: new Map(), fixed };
}

/** The desired units put together into rules and relays, change by change, with a port for each listener. */

import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { Listener, Relay, RelayKey, RelayProtocol } from '../../relay/contract.ts';
import { done, type Steps } from '../../scheduling/steps.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { Destination, ServicePortKey } from '../../state/service-port.ts';
import type { Plan, StateChange } from '../backend.ts';
import { AnsweredIPs } from '../xtables/load-balancer-rules.ts';
import {
  type BaseChains,
  type ContributionChange,
  SharedChains,
  type SharedContents,
  type SharedRule,
} from '../xtables/shared-chains.ts';
import { compileBase } from './base.ts';
import { heldPorts, portalText } from './held-ports.ts';
import type { UserspaceOptions } from './options.ts';
import { PortSpace } from './ports.ts';
import { relayKey, type TakenPort, type UserspaceState } from './state.ts';
import type { ListenerName, PortalRule, UserspaceUnit } from './unit.ts';

type Ports = ReadonlyMap<ListenerName, number>;
type PortSpaces = Readonly<Record<RelayProtocol, PortSpace>>;

/** A unit with the ports of its listeners; one that none was left for is not named. */
interface Placed {
  readonly unit: UserspaceUnit;
  readonly ports: Ports;
  readonly rules: readonly SharedRule[];
}

const NONE: readonly string[] = [];

export class UserspacePlan implements Plan<UserspaceUnit, UserspaceState> {
  readonly #options: UserspaceOptions;
  readonly #answeredIPs: AnsweredIPs;
  #base: BaseChains;
  readonly #placed = new Map<ServicePortKey, Placed>();
  readonly #chains = new SharedChains();
  #spaces: PortSpaces;

  constructor(options: UserspaceOptions) {
    this.#options = options;
    this.#answeredIPs = new AnsweredIPs(options.family);
    this.#base = compileBase(options, this.#answeredIPs.rules(undefined));
    this.#spaces = openSpaces(options, new Set());
  }

  unit(key: ServicePortKey): UserspaceUnit | undefined {
    return this.#placed.get(key)?.unit;
  }

  update(
    { ownIP }: NodeView,
    units: ReadonlyMap<ServicePortKey, UserspaceUnit | undefined>,
  ): StateChange<UserspaceState> {
    const keys = [...units.keys()];
    const before = this.#piece(keys);
    const placed = new Map<ServicePortKey, Placed | undefined>();
    // In the order of the keys, the same ports are found whatever came first.
    for (const key of keys.toSorted()) {
      const unit = units.get(key);
      placed.set(key, unit && this.#place(key, unit, this.#placed.get(key)?.ports));
    }
    // After all have chosen: a port that is given up leads to another relay until the rules have changed.
    for (const key of keys) this.#releasePorts(this.#placed.get(key), placed.get(key)?.ports);
    for (const key of keys) {
      this.#answeredIPs.replace(this.unit(key)?.answeredVIPs ?? NONE, units.get(key)?.answeredVIPs ?? NONE);
    }
    this.#base = compileBase(this.#options, this.#answeredIPs.rules(ownIP));
    const chains = this.#put(placed);
    return {
      before: { ...before, rules: rulesetOf(chains.before) },
      after: { ...this.#piece(keys), rules: rulesetOf(chains.after) },
    };
  }

  /** Listeners stay where they are open. All others keep off the ports of other programs. */
  settle(observed: UserspaceState): Steps<void> {
    const open = [...observed.relays.values()];
    this.#spaces = openSpaces(this.#options, observed.taken);
    // Also what nobody wants any more is out of reach, until it is closed.
    for (const { protocol, port } of open.flatMap(placesOf)) this.#spaces[protocol].claim(port);
    const keys = this.#placeAnew((key) => this.#keptPorts(key, observed.relays));
    const wanted = new Set([...this.#piece(keys).relays.values()].flatMap(placesOf).map(textOf));
    for (const place of open.flatMap(placesOf)) {
      if (!wanted.has(textOf(place))) this.#spaces[place.protocol].release(place.port);
    }
    return done(undefined);
  }

  /** Listeners are where rules lead to: those of another process are out of sight. */
  adopt({ rules, taken }: UserspaceState): void {
    this.#spaces = openSpaces(this.#options, taken);
    const held = heldPorts(rules);
    this.#placeAnew((key) => {
      const { protocol, listeners, portalRules } = this.#known(key).unit;
      const ports = new Map<ListenerName, number>();
      for (const { name } of listeners) {
        const own = portalRules.filter(({ listener }) => listener === name);
        const port = own.map((rule) => held.get(portalText(rule))).find((each) => each !== undefined);
        if (port !== undefined && this.#spaces[protocol].claim(port)) ports.set(name, port);
      }
      return ports;
    });
  }

  complete(): UserspaceState {
    return { ...this.#piece(this.#placed.keys()), rules: this.rules() };
  }

  /** The complete desired rules. */
  rules(): Ruleset {
    return rulesetOf(this.#chains.complete());
  }

  /** Where its rules lead. */
  destinations(key: ServicePortKey): readonly Destination[] {
    const placed = this.#placed.get(key);
    return placed === undefined ? [] : listenersOf(placed).map(({ ip, port }) => ({ ip, port }));
  }

  /** Its unit, with those listeners closed that were refused: the very same if there are none. */
  unitWithout(
    key: ServicePortKey,
    isRefused: (listener: Pick<Listener, 'ip' | 'port'>) => boolean,
  ): UserspaceUnit | undefined {
    const placed = this.#placed.get(key);
    if (placed === undefined) return undefined;
    const { unit, ports } = placed;
    const listeners = unit.listeners.map((listener) => {
      const port = ports.get(listener.name);
      const isClosed = port !== undefined && isRefused({ ip: listener.ip, port });
      return isClosed ? { ...listener, isClosed } : listener;
    });
    return listeners.some(({ isClosed }) => isClosed) ? { ...unit, listeners } : unit;
  }

  #piece(keys: Iterable<ServicePortKey>): Omit<UserspaceState, 'rules'> {
    const relays = new Map<RelayKey, Relay>();
    const portless = new Set<ServicePortKey>();
    for (const key of keys) {
      const placed = this.#placed.get(key);
      if (placed === undefined) continue;
      const relay = relayOf(relayKey(this.#options.family, key), this.#options.family, placed);
      if (relay.listeners.length > 0) relays.set(relay.key, relay);
      if (placed.ports.size < placed.unit.listeners.length) portless.add(key);
    }
    return { relays, portless, taken: new Set() };
  }

  /** All of them, with these ports as far as they name any. Returns whose they are. */
  #placeAnew(portsOf: (key: ServicePortKey) => Ports): readonly ServicePortKey[] {
    const keys = [...this.#placed.keys()].sort();
    const kept = new Map(keys.map((key) => [key, portsOf(key)]));
    const placed = keys.map((key) => [key, this.#place(key, this.#known(key).unit, kept.get(key))] as const);
    this.#put(new Map(placed));
    return keys;
  }

  /** Gives a port to each listener that has none of these. */
  #place(key: ServicePortKey, unit: UserspaceUnit, former: Ports = new Map()): Placed {
    const ports = new Map<ListenerName, number>();
    for (const { name } of unit.listeners) {
      const port = former.get(name) ?? this.#spaces[unit.protocol].choose(`${key} ${name}`);
      if (port !== undefined) ports.set(name, port);
    }
    const rules = unit.portalRules.flatMap((rule) => {
      const port = ports.get(rule.listener);
      return port === undefined ? [] : [sharedRule(rule, port)];
    });
    return { unit, ports, rules: [...unit.plainRules, ...rules] };
  }

  /** The ports on which the listeners are open, or else those that they were to have. */
  #keptPorts(key: ServicePortKey, relays: ReadonlyMap<RelayKey, Relay>): Ports {
    const { unit, ports } = this.#known(key);
    const relay = relays.get(relayKey(this.#options.family, key));
    const open = new Set(relay?.protocol === unit.protocol ? relay.listeners.map(({ port }) => port) : []);
    const kept = new Map<ListenerName, number>();
    for (const { name } of unit.listeners) {
      const port = ports.get(name);
      if (port !== undefined && open.delete(port)) kept.set(name, port);
    }
    const others = open.values();
    for (const { name } of unit.listeners) {
      if (kept.has(name)) continue;
      const port = others.next().value ?? ports.get(name);
      if (port !== undefined && (open.has(port) || this.#spaces[unit.protocol].claim(port))) {
        kept.set(name, port);
      }
    }
    return kept;
  }

  #put(placed: ReadonlyMap<ServicePortKey, Placed | undefined>): StateChange<SharedContents> {
    const contributions = Array.from(
      placed,
      ([key, next]): ContributionChange => ({
        key,
        before: this.#placed.get(key)?.rules ?? [],
        after: next?.rules ?? [],
      }),
    );
    for (const [key, next] of placed) {
      if (next === undefined) this.#placed.delete(key);
      else this.#placed.set(key, next);
    }
    return this.#chains.update(this.#base, contributions);
  }

  #releasePorts(former: Placed | undefined, ports: Ports = new Map()): void {
    if (former === undefined) return;
    const kept = new Set(ports.values());
    for (const port of former.ports.values()) {
      if (!kept.has(port)) this.#spaces[former.unit.protocol].release(port);
    }
  }

  #known(key: ServicePortKey): Placed {
    const placed = this.#placed.get(key);
    if (placed === undefined) throw new Error(`BUG: no unit of ${key}`);
    return placed;
  }
}

function openSpaces({ portRange }: UserspaceOptions, taken: ReadonlySet<TakenPort>): PortSpaces {
  const takenOf = (protocol: RelayProtocol) =>
    new Set(
      [...taken]
        .map((text) => text.split(' '))
        .filter(([name]) => name === protocol)
        .map(([, port]) => Number(port)),
    );
  return { TCP: new PortSpace(portRange, takenOf('TCP')), UDP: new PortSpace(portRange, takenOf('UDP')) };
}

interface Place {
  readonly protocol: RelayProtocol;
  readonly port: number;
}

function placesOf({ protocol, listeners }: Relay): readonly Place[] {
  return listeners.map(({ port }) => ({ protocol, port }));
}

function textOf({ protocol, port }: Place): string {
  return `${protocol} ${port}`;
}

function relayOf(key: RelayKey, family: IpFamily, placed: Placed): Relay {
  const { name, protocol, usable, reset, affinityMs } = placed.unit;
  const relay = { key, name, family, protocol, listeners: listenersOf(placed), usable, affinityMs };
  return reset === undefined ? relay : { ...relay, reset };
}

function listenersOf({ unit, ports }: Placed): readonly Listener[] {
  return unit.listeners.flatMap(({ name, ip, endpoints, isClosed = false }) => {
    const port = ports.get(name);
    return port === undefined || isClosed ? [] : [{ ip, port, endpoints }];
  });
}

function sharedRule({ chain, rule, does }: PortalRule, port: number): SharedRule {
  if (does === 'accept') {
    return { chain, rule: { ...rule, destinationPort: port, target: 'ACCEPT' } };
  }
  const target =
    does === 'redirect'
      ? `REDIRECT --to-ports ${port}`
      : `DNAT --to-destination ${formatHostPort(does.dnat, port)}`;
  return { chain, rule: { ...rule, target } };
}

function rulesetOf(fixed: SharedContents): Ruleset {
  return { own: new Map(), fixed };
}

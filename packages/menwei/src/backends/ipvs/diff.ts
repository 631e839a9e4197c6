/** From one state of the ipvs mode to another; both are complete, or the same part of it. */
import { parseHostPort } from '@menwei/addresses/ip.ts';
import { chainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { type HeldRule, isForeign } from '@menwei/netfilter/iptables/rule.ts';
import { targetOf } from '@menwei/netfilter/iptables/words.ts';
import type { SetEntry } from '@menwei/netlink/ipset';
import type { Destination, VirtualServer } from '@menwei/netlink/ipvs';
import { diffInTwo, type TwoScripts } from '../xtables/diff.ts';
import { canDrain } from './balancing.ts';
import { LAYOUT } from './base.ts';
import type { DestinationChange, IpvsChanges } from './changes.ts';
import { NAT_SERVICES } from './names.ts';
import { formatFrontendEntry, ledgerShape } from './sets.ts';
import { type IpvsState, isSameServer, type ServerContent, type SetContent } from './state.ts';

export function diff(from: IpvsState, to: IpvsState): IpvsChanges {
  const servers = diffServers(from, to);
  const unlisted = unlistedServers(servers.removedServers, from.sets);
  return {
    device: to.device && !from.device,
    sets: missing(to.sets, from.sets).map(({ shape }) => shape),
    addedMembers: [...unlisted, ...surplusMembers(to.sets, from.sets)],
    removedMembers: [...surplusMembers(from.sets, to.sets), ...unlisted],
    ...ruleChanges(diffInTwo(from.rules, to.rules, () => true, formerFirst(from, to))),
    ...servers,
    addedAddresses: surplus(to.addresses, from.addresses),
    removedAddresses: surplus(from.addresses, to.addresses),
  };
}

/**
 * A former mode translates in a chain of the same name. It goes on doing so until virtual servers and addresses are there:
 * its rules stand before ours, which accept, and so would end the chain before any translation.
 */
function formerFirst(from: IpvsState, to: IpvsState): IpvsState['ruleOrder'] {
  const present = from.rules.fixed.get(NAT_SERVICES);
  const wanted = to.ruleOrder.get(NAT_SERVICES) ?? to.rules.fixed.get(NAT_SERVICES);
  if (!Array.isArray(present) || !Array.isArray(wanted)) return to.ruleOrder;
  const former = present.filter(leadsToFormerChain);
  return former.length === 0
    ? to.ruleOrder
    : new Map([...to.ruleOrder, [NAT_SERVICES, [...former, ...wanted]]]);
}

function leadsToFormerChain(rule: HeldRule): boolean {
  const target = isForeign(rule) ? targetOf(rule.foreign) : rule.target;
  if (target === undefined) return false;
  return target.startsWith('KUBE-') && !LAYOUT.fixedChains.has(chainId('nat', target));
}

function ruleChanges({ bringing, taking }: TwoScripts): Pick<IpvsChanges, 'rules' | 'lastRules'> {
  return { rules: bringing, lastRules: taking };
}

export function isEmpty(changes: IpvsChanges): boolean {
  const { device, ...lists } = changes;
  return !device && Object.values(lists).every((list) => list.length === 0);
}

type ServerChanges = Pick<
  IpvsChanges,
  'addedServers' | 'changedServers' | 'removedServers' | keyof DestinationChanges
>;

interface DestinationChanges {
  readonly addedDestinations: DestinationChange[];
  readonly changedDestinations: DestinationChange[];
  readonly drainedDestinations: DestinationChange[];
  readonly endedDestinations: DestinationChange[];
}

function diffServers(from: IpvsState, to: IpvsState): ServerChanges {
  const destinations: DestinationChanges = {
    addedDestinations: [],
    changedDestinations: [],
    drainedDestinations: [],
    endedDestinations: [],
  };
  const changedServers: ServerContent[] = [];
  for (const [key, wanted] of to.servers) {
    const present = from.servers.get(key);
    if (present === undefined) continue;
    if (!isSameServer(present.server, wanted.server)) changedServers.push(wanted);
    diffDestinations(present, wanted, destinations);
  }
  return {
    addedServers: missing(to.servers, from.servers),
    changedServers,
    removedServers: missing(from.servers, to.servers),
    ...destinations,
  };
}

/**
 * What kube-proxy left stands in no ledger. Until it is gone it must, so that whoever comes next knows whose it is if this
 * process ends before.
 */
function unlistedServers(
  removed: readonly ServerContent[],
  sets: ReadonlyMap<string, SetContent>,
): readonly SetContent[] {
  const frontends = removed.flatMap(({ server: { frontend } }) => ('mark' in frontend ? [] : [frontend]));
  return [...Map.groupBy(frontends, ({ family }) => family)].flatMap(([family, some]) => {
    const shape = ledgerShape(family);
    const listed = sets.get(shape.name)?.entries;
    const entries = new Set(some.map(formatFrontendEntry).filter((entry) => listed?.has(entry) !== true));
    return entries.size === 0 ? [] : [{ shape, entries }];
  });
}

function diffDestinations(from: ServerContent, to: ServerContent, changes: DestinationChanges): void {
  if (from.destinations === to.destinations && from.lingering === to.lingering && from.severed === to.severed)
    return;
  const change = (destination: Destination): DestinationChange => ({
    servicePort: to.servicePort,
    frontend: to.server.frontend,
    destination,
  });
  for (const [text, wanted] of to.destinations) {
    const present = from.destinations.get(text);
    if (present === undefined) changes.addedDestinations.push(change(wanted));
    else if (!isSameDestination(present, wanted)) changes.changedDestinations.push(change(wanted));
  }
  // Where a connection has an end that its client notices, no endpoint has to go before its connections are over.
  const mayDrain = (text: string) =>
    canDrain(to.server) &&
    (isUdp(to.server) ? to.lingering.has(text) : to.severed === undefined || !to.severed.has(text));
  const mayAnswer = isUdp(to.server) && canDrain(to.server);
  for (const [text, present] of from.destinations) {
    if (to.destinations.has(text)) continue;
    if (mayDrain(text)) changes.drainedDestinations.push(change(present));
    else changes.endedDestinations.push(mayAnswer ? { ...change(present), mayAnswer } : change(present));
  }
  for (const text of from.lingering) {
    if (to.destinations.has(text) || from.destinations.has(text) || mayDrain(text)) continue;
    const place = parseHostPort(text);
    if (place === undefined) throw new Error(`BUG: ${text} is no destination`);
    changes.endedDestinations.push(change({ ...place, weight: 0, forwarding: 'masquerade' }));
  }
}

function isSameDestination(a: Destination, b: Destination): boolean {
  return a.weight === b.weight && a.forwarding === b.forwarding;
}

function isUdp({ frontend }: VirtualServer): boolean {
  return 'protocol' in frontend && frontend.protocol === 'UDP';
}

/** Members that only the sets of `all` have. */
function surplusMembers(
  all: ReadonlyMap<string, SetContent>,
  others: ReadonlyMap<string, SetContent>,
): readonly SetContent[] {
  return [...all].flatMap(([name, { shape, entries }]) => {
    const other = others.get(name)?.entries;
    const own = other === undefined ? entries : new Set<SetEntry>(surplus(entries, other));
    return own.size === 0 ? [] : [{ shape, entries: own }];
  });
}

/** What only `all` has. */
function surplus(all: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] {
  return [...all].filter((text) => !others.has(text));
}

/** What stands under keys that only `all` has. */
function missing<T>(all: ReadonlyMap<string, T>, from: ReadonlyMap<string, T>): readonly T[] {
  return [...all].filter(([key]) => !from.has(key)).map(([, value]) => value);
}

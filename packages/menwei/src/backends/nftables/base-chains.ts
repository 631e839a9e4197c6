/**
 * The chains that exist without any Service. Their rules are constant: they look up what packets come in by in sets
 * and maps, and those are what Services change (see README.md for a packet's way through them).
 */
import { type IpFamily, isLoopback, LOOPBACK } from '@menwei/addresses/ip.ts';
import { address } from '@menwei/netfilter/nft/field.ts';
import {
  DROP,
  dnatToAddress,
  flipMark,
  fromInterface,
  goTo,
  hasMark,
  IS_NEW,
  IS_TRANSLATED,
  inCidr,
  inSet,
  isEchoRequest,
  isLocalAddress,
  isProtocol,
  MASQUERADE,
  PROTOCOLS,
  REFUSE,
  RESET,
  rule,
  type Statement,
  setMark,
  verdictOf,
  verdictOfNumber,
} from '@menwei/netfilter/nft/statement.ts';
import type { Chain, Hook, Rule } from '@menwei/netlink/nftables';
import type { LocalDetector, NodeView } from '../../services/node-view.ts';
import { chosenEndpoint, originalFrontend } from './affinity.ts';
import {
  ANSWERS,
  CLUSTER_IPS,
  FIREWALL_IPS,
  type FrontendKind,
  HAIRPINS,
  LOAD_BALANCER_IPS,
  NODEPORT_IPS,
  REJECT,
  SERVICE_CIDRS,
  SETS,
  SOURCE_RANGES,
} from './names.ts';
import type { NftablesOptions } from './options.ts';
import { chain, frontendFields } from './pick-chains.ts';

const NODEPORTS = 'nodeports';
const SERVICES = 'services';
const REMEMBER = 'remember';
const FIREWALL_CHECK = 'firewall-check';
const FORWARD_CHECK = 'forward-check';
const INPUT_CHECK = 'input-check';
const MASQUERADING = 'masquerading';

/** Each chain stands after those it leads to. */
export function frameChains(node: NodeView, options: NftablesOptions): readonly Chain[] {
  const { family } = options;
  return [
    chain(REJECT, [rule([REFUSE])]),
    chain(FIREWALL_CHECK, firewallRules(family)),
    chain(externalLocalChain('nodeport'), externalLocalRules('nodeport', node, options)),
    chain(NODEPORTS, frontendRules('nodeport', family)),
    chain(externalLocalChain('ip'), externalLocalRules('ip', node, options)),
    chain(SERVICES, servicesRules(node, options)),
    chain(REMEMBER, rememberRules(family)),
    chain(INPUT_CHECK, inputCheckRules(node, family)),
    chain(FORWARD_CHECK, forwardCheckRules(family)),
    chain(MASQUERADING, masqueradingRules(options)),
    // Before the destination is translated (priority -100), since it is what the source ranges are about.
    hooked('filter-prerouting-pre-dnat', 'filter', 'prerouting', -110, [IS_NEW, goTo(FIREWALL_CHECK)]),
    hooked('filter-output-pre-dnat', 'filter', 'output', -110, [IS_NEW, goTo(FIREWALL_CHECK)]),
    hooked('nat-prerouting', 'nat', 'prerouting', -100, [goTo(SERVICES)]),
    hooked('nat-output', 'nat', 'output', -100, [goTo(SERVICES)]),
    hooked('filter-input', 'filter', 'input', 0, [IS_NEW, goTo(INPUT_CHECK)]),
    hooked('filter-forward', 'filter', 'forward', 0, [IS_NEW, goTo(FORWARD_CHECK)]),
    hooked('filter-output', 'filter', 'output', 0, [IS_NEW, goTo(FORWARD_CHECK)]),
    hooked('nat-postrouting', 'nat', 'postrouting', 100, [goTo(MASQUERADING)]),
  ];
}

function externalLocalChain(kind: FrontendKind): string {
  return kind === 'ip' ? 'external-local' : 'nodeport-external-local';
}

/** Load-balancer source ranges (spec § 5.7). */
function firewallRules(family: IpFamily): Rule[] {
  const frontend = frontendFields(family, 'ip');
  const isOutside = inSet([...frontend, address(family, 'saddr')], SOURCE_RANGES, true);
  return [rule([inSet(frontend, FIREWALL_IPS), isOutside, DROP])];
}

/** Every connection that is new to the node, in the order in which its ways in are tried. */
function servicesRules(node: NodeView, options: NftablesOptions): Rule[] {
  const { family } = options;
  return [
    ...clusterIPMasquerade(node, options),
    ...frontendRules('ip', family),
    ...pingRules(node, family),
    rule([...isNodePortAddress(node, family), goTo(NODEPORTS)]),
  ];
}

/** What goes to a load-balancer address that no interface of the node has: there, its owner answers. */
function toLoadBalancer(family: IpFamily): readonly Statement[] {
  return [inSet([address(family, 'daddr')], LOAD_BALANCER_IPS), isLocalAddress('daddr', true)];
}

/** The node answers pings for the address (load-balancer § 7.2). */
function pingRules({ ownIP }: NodeView, family: IpFamily): Rule[] {
  if (ownIP === undefined) return [];
  const toSelf = [isEchoRequest(family), ...toLoadBalancer(family), dnatToAddress(family, ownIP)];
  return [rule(toSelf, 'ping of a load-balancer address')];
}

/** Off-cluster traffic to a ClusterIP is masqueraded, so that the reply comes back this way. */
function clusterIPMasquerade(node: NodeView, options: NftablesOptions): Rule[] {
  const toClusterIP = inSet([address(options.family, 'daddr')], CLUSTER_IPS);
  const mark = setMark(options.masqueradeMark);
  if (options.masqueradeAll) return [rule([toClusterIP, mark], 'masquerade all traffic to ClusterIPs')];
  const fromElsewhere = fromPod(node.detectLocal, options.family, true);
  if (fromElsewhere === undefined) return [];
  return [rule([fromElsewhere, toClusterIP, mark], 'masquerade traffic to ClusterIPs from outside')];
}

function frontendRules(kind: FrontendKind, family: IpFamily): Rule[] {
  const frontend = frontendFields(family, kind);
  const sets = SETS[kind];
  return [
    rule([verdictOfNumber(frontend, sets.frontends, sets.picks)]),
    rule([inSet(frontend, sets.externalLocal), goTo(externalLocalChain(kind))]),
  ];
}

/**
 * externalTrafficPolicy Local: pods of this node and the node itself reach all endpoints, everybody else those on this
 * node. Who finds none of them is dropped later, by {@link forwardCheckRules} and {@link inputCheckRules}.
 */
function externalLocalRules(kind: FrontendKind, node: NodeView, options: NftablesOptions): Rule[] {
  const { family } = options;
  const frontend = frontendFields(family, kind);
  const sets = SETS[kind];
  const fromHere = isLocalAddress('saddr');
  const shortCircuit = verdictOfNumber(frontend, sets.shortCircuit, sets.picks);
  const ofPod = fromPod(node.detectLocal, family, false);
  return [
    ...(ofPod === undefined ? [] : [rule([ofPod, shortCircuit], 'short-circuit pod traffic')]),
    rule([fromHere, setMark(options.masqueradeMark)], 'masquerade local traffic'),
    rule([fromHere, shortCircuit], 'short-circuit local traffic'),
    rule([verdictOfNumber(frontend, sets.local, sets.picks)]),
  ];
}

/** NodePorts never answer on loopback addresses: what comes from there could not be answered from elsewhere. */
function isNodePortAddress(node: NodeView, family: IpFamily): readonly Statement[] {
  if (node.nodePortAddresses !== 'all') return [inSet([address(family, 'daddr')], NODEPORT_IPS)];
  return [isLocalAddress('daddr'), isNoLoopback(family)];
}

function isNoLoopback(family: IpFamily): Statement {
  return inCidr(family, 'daddr', LOOPBACK[family], true);
}

/** The addresses that take NodePort traffic, as elements; none if all of the node's do. */
export function nodePortIPs(node: NodeView): readonly string[] {
  return node.nodePortAddresses === 'all' ? [] : node.nodePortAddresses.filter((ip) => !isLoopback(ip));
}

function inputCheckRules(node: NodeView, family: IpFamily): Rule[] {
  const toNodePort =
    node.nodePortAddresses === 'all' ? [isNoLoopback(family)] : isNodePortAddress(node, family);
  return [
    rule([...toNodePort, answer(family, 'nodeport')]),
    rule([answer(family, 'ip')]),
    rule([IS_TRANSLATED, goTo(REMEMBER)]),
  ];
}

function forwardCheckRules(family: IpFamily): Rule[] {
  const destination = [address(family, 'daddr')];
  return [
    rule([answer(family, 'ip')]),
    rule([inSet(destination, CLUSTER_IPS), REFUSE], 'no such port of the ClusterIP'),
    rule([inSet(destination, SERVICE_CIDRS), DROP], 'no such ClusterIP'),
    rule([IS_TRANSLATED, goTo(REMEMBER)]),
    // Only what no Service has translated gets here.
    rule([...toLoadBalancer(family), RESET], 'no such port of the load-balancer address'),
    rule([...toLoadBalancer(family), REFUSE], 'no such port of the load-balancer address'),
  ];
}

/** What happens to packets to a frontend without endpoints. */
function answer(family: IpFamily, kind: FrontendKind): Statement {
  return verdictOfNumber(frontendFields(family, kind), SETS[kind].noEndpoint, ANSWERS);
}

/** Session affinity. nft reads a connection's ports only where the protocol is known, hence a rule for each. */
function rememberRules(family: IpFamily): Rule[] {
  return (['ip', 'nodeport'] as const).flatMap((kind) =>
    PROTOCOLS.map((protocol) => {
      const pair = [...originalFrontend(family, kind), ...chosenEndpoint(family)];
      return rule([isProtocol(protocol), verdictOf(pair, SETS[kind].affinityPairs)]);
    }),
  );
}

function masqueradingRules({ family, masqueradeMark }: NftablesOptions): Rule[] {
  const bothEnds = [address(family, 'saddr'), address(family, 'daddr')];
  return [
    // The mark is taken off, so that the packet is not masqueraded again when it passes here a second time.
    rule([hasMark(masqueradeMark), flipMark(masqueradeMark), MASQUERADE]),
    rule([IS_TRANSLATED, inSet(bothEnds, HAIRPINS), MASQUERADE]),
  ];
}

/** The packet is of a pod of this node, or (inverted) it is not; undefined where that can't be told. */
function fromPod(detector: LocalDetector, family: IpFamily, inverted: boolean): Statement | undefined {
  switch (detector.by) {
    case 'cidr':
      return inCidr(family, 'saddr', detector.cidr, inverted);
    case 'bridge':
      return fromInterface(detector.interface, false, inverted);
    case 'prefix':
      return fromInterface(detector.prefix, true, inverted);
    case 'none':
      return undefined;
  }
}

function hooked(
  name: string,
  type: Hook['type'],
  hook: Hook['hook'],
  priority: number,
  statements: readonly Statement[],
): Chain {
  return { ...chain(name, [rule(statements)]), hook: { type, hook, priority } };
}

/** What iptables rules do to a packet. */

import { familyOf, formatHostPort, parseIp } from '@menwei/addresses/ip.ts';
import { type ChainId, chainId, splitChainId } from '../../iptables/chain-id.ts';
import { formatRule, type Rule } from '../../iptables/rule.ts';
import type { Ruleset } from '../../iptables/ruleset.ts';
import { destinationOf, type Flight, remember } from '../packet.ts';
import { type BaseChain, behindJump, type Hooks, type Passage, passRules } from '../trace.ts';
import { type Chains, readChains } from './chains.ts';
import { matches, recentName } from './match.ts';

/**
 * The hooks of a machine with these rules. The built-in chains hold nothing but our jumps and let everything else
 * pass. Throws if a rule is none that we write; so does a trace if one leads to a chain that is not there.
 */
export function iptablesHooks(ruleset: Ruleset): Hooks {
  const chains = readChains(ruleset);
  const builtin = (table: 'filter' | 'nat', chain: string): BaseChain => ({
    type: table,
    pass: (flight) => {
      const id = chainId(table, chain);
      // Not every mode has a jump in each of them.
      return chains.has(id) ? passChain(chains, id, flight) : [{ flight, verdict: 'RETURN' }];
    },
  });
  return {
    prerouting: [builtin('nat', 'PREROUTING')],
    input: [builtin('filter', 'INPUT')],
    forward: [builtin('filter', 'FORWARD')],
    output: [builtin('nat', 'OUTPUT'), builtin('filter', 'OUTPUT')],
    postrouting: [builtin('nat', 'POSTROUTING')],
  };
}

function passChain(chains: Chains, id: ChainId, flight: Flight): readonly Passage[] {
  const rules = chains.get(id);
  if (rules === undefined) throw new Error(`there is no chain ${id}`);
  return passRules(rules, flight, (rule, arrived) => passRule(chains, id, rule, arrived));
}

function passRule(chains: Chains, id: ChainId, rule: Rule, flight: Flight): readonly Passage[] {
  if (!matches(rule, flight)) return [{ flight, verdict: 'CONTINUE' }];
  const { oneOf = 1, target = '' } = rule;
  const steps = [...flight.steps, `${id}: ${formatRule(rule)}`];
  const taken = noteClient(rule, { ...flight, chance: flight.chance / oneOf, steps });
  const passed = followTarget(chains, id, target, taken);
  if (oneOf === 1) return passed;
  return [...passed, { flight: { ...flight, chance: flight.chance * (1 - 1 / oneOf) }, verdict: 'CONTINUE' }];
}

function noteClient({ recent }: Rule, flight: Flight): Flight {
  if (recent === undefined || recent.seconds !== undefined) return flight;
  return remember(flight, recentName(recent.name, flight.packet.source), '', Number.POSITIVE_INFINITY);
}

function followTarget(chains: Chains, id: ChainId, target: string, flight: Flight): readonly Passage[] {
  const [name = '', flag, value = ''] = target.split(' ');
  switch (name) {
    case '':
      return [{ flight, verdict: 'CONTINUE' }];
    case 'RETURN':
    case 'ACCEPT':
    case 'DROP':
    case 'REJECT':
      return [{ flight, verdict: name }];
    case 'DNAT':
      return [{ flight: { ...flight, endpoint: placeOf(value, flight) }, verdict: 'ACCEPT' }];
    case 'REDIRECT':
      return [
        {
          flight: { ...flight, endpoint: formatHostPort(ownAddress(flight), Number(value)) },
          verdict: 'ACCEPT',
        },
      ];
    case 'MASQUERADE':
      return [{ flight: { ...flight, masqueraded: true }, verdict: 'ACCEPT' }];
    case 'MARK': {
      const mark = changeMark(flight.mark, flag, Number(value));
      return [{ flight: { ...flight, mark }, verdict: 'CONTINUE' }];
    }
    default:
      return behindJump(passChain(chains, chainId(splitChainId(id).table, name), flight));
  }
}

/** An address alone leaves the port as it is. */
function placeOf(to: string, flight: Flight): string {
  return parseIp(to) === undefined ? to : formatHostPort(to, destinationOf(flight).port);
}

/** The first address of the interface by which a packet comes in; the node's own packets go to its localhost. */
function ownAddress({ packet, machine }: Flight): string {
  const { source, inInterface } = packet;
  const loopback = familyOf(source) === 'IPv4' ? '127.0.0.1' : '::1';
  return (inInterface === undefined ? undefined : machine.addresses[0]) ?? loopback;
}

function changeMark(mark: number, operation: string | undefined, bits: number): number {
  switch (operation) {
    case '--or-mark':
      return (mark | bits) >>> 0;
    case '--xor-mark':
      return (mark ^ bits) >>> 0;
    default:
      throw new Error(`no such operation on a mark: ${operation}`);
  }
}

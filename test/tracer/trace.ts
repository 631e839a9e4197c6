/**
 * What iptables rules do to a packet, without a kernel: the hooks it passes, the rules it meets, and every end that
 * chance can bring it to.
 */
import { type ChainId, chainId, splitChainId } from '../../src/backends/iptables/names.ts';
import type { Chains, TracedRule } from './chains.ts';
import { destinationOf, type Flight, isLocalAddress, type Machine, matches, type Packet } from './packet.ts';

/** One end a packet can come to. The chances of all its ways make 1. */
export interface Way extends Omit<Flight, 'packet' | 'machine' | 'mark'> {
  /** `sent`: to its endpoint, or to where it was going anyway when it has none. */
  readonly end: 'sent' | 'DROP' | 'REJECT';
}

/** A packet behind a rule, which sends it on to the next rule, or behind a chain, which never does. */
interface Passage {
  readonly flight: Flight;
  readonly verdict: 'CONTINUE' | 'RETURN' | 'ACCEPT' | 'DROP' | 'REJECT';
}

/**
 * All ways of a packet through the rules. The built-in chains hold nothing but our jumps and let everything else
 * pass. Throws if a rule leads to a chain that is not there.
 */
export function trace(chains: Chains, packet: Packet, machine: Machine): readonly Way[] {
  const start = { packet, machine, mark: 0, endpoint: undefined, masqueraded: false, chance: 1, steps: [] };
  const isOwn = packet.inInterface === undefined;
  return passHook(chains, isOwn ? 'nat OUTPUT' : 'nat PREROUTING', start).flatMap(({ flight }) =>
    passHooks(chains, hooksAfterTranslation(flight), flight),
  );
}

/** The kernel routes by the translated destination. What the node sends to itself goes out and comes in by lo. */
function hooksAfterTranslation(flight: Flight): readonly ChainId[] {
  const isLocal = isLocalAddress(destinationOf(flight).ip, flight.machine);
  if (flight.packet.inInterface === undefined) {
    return ['filter OUTPUT', 'nat POSTROUTING', ...(isLocal ? (['filter INPUT'] as const) : [])];
  }
  return isLocal ? ['filter INPUT'] : ['filter FORWARD', 'nat POSTROUTING'];
}

function passHooks(chains: Chains, hooks: readonly ChainId[], flight: Flight): readonly Way[] {
  const [hook, ...rest] = hooks;
  if (hook === undefined) return [wayOf(flight, 'sent')];
  return passHook(chains, hook, flight).flatMap(({ flight: after, verdict }) =>
    verdict === 'DROP' || verdict === 'REJECT' ? [wayOf(after, verdict)] : passHooks(chains, rest, after),
  );
}

function passHook(chains: Chains, hook: ChainId, flight: Flight): readonly Passage[] {
  const isUntracked = flight.packet.connectionState === 'INVALID' && splitChainId(hook).table === 'nat';
  return isUntracked ? [{ flight, verdict: 'ACCEPT' }] : passChain(chains, hook, flight);
}

function passChain(chains: Chains, id: ChainId, flight: Flight): readonly Passage[] {
  const rules = chains.get(id);
  if (rules === undefined) throw new Error(`there is no chain ${id}`);
  const done: Passage[] = [];
  let pending: readonly Flight[] = [flight];
  for (const rule of rules) {
    const passed = pending.flatMap((arrived) => passRule(chains, id, rule, arrived));
    done.push(...passed.filter(({ verdict }) => verdict !== 'CONTINUE'));
    pending = passed.filter(({ verdict }) => verdict === 'CONTINUE').map((passage) => passage.flight);
  }
  return [...done, ...pending.map((left): Passage => ({ flight: left, verdict: 'RETURN' }))];
}

function passRule(
  chains: Chains,
  id: ChainId,
  { text, rule }: TracedRule,
  flight: Flight,
): readonly Passage[] {
  if (!matches(rule, flight)) return [{ flight, verdict: 'CONTINUE' }];
  const { oneOf = 1, target = '' } = rule;
  const steps = [...flight.steps, `${id}: ${text}`];
  const taken = { ...flight, chance: flight.chance / oneOf, steps };
  const passed = followTarget(chains, id, target, taken);
  if (oneOf === 1) return passed;
  return [...passed, { flight: { ...flight, chance: flight.chance * (1 - 1 / oneOf) }, verdict: 'CONTINUE' }];
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
      return [{ flight: { ...flight, endpoint: value }, verdict: 'ACCEPT' }];
    case 'MASQUERADE':
      return [{ flight: { ...flight, masqueraded: true }, verdict: 'ACCEPT' }];
    case 'MARK':
      return [
        { flight: { ...flight, mark: changeMark(flight.mark, flag, Number(value)) }, verdict: 'CONTINUE' },
      ];
    default:
      return passChain(chains, chainId(splitChainId(id).table, name), flight).map((passage) =>
        passage.verdict === 'RETURN' ? { ...passage, verdict: 'CONTINUE' } : passage,
      );
  }
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

function wayOf({ endpoint, masqueraded, chance, steps }: Flight, end: Way['end']): Way {
  return { end, endpoint, masqueraded, chance, steps };
}

/**
 * Where a packet may end, without how it got there: `10.0.0.1:80 10.0.0.2:80*` (a star: masqueraded), `DROP`, or
 * `untouched` when it went on to its own destination.
 */
export function describeWays(ways: readonly Way[]): string {
  const ends = ways.map(({ end, endpoint, masqueraded }) =>
    end === 'sent' ? `${endpoint ?? 'untouched'}${masqueraded ? '*' : ''}` : end,
  );
  return [...new Set(ends)].sort().join(' ');
}

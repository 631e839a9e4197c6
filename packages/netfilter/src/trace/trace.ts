/** What becomes of a packet, without a kernel: the hooks it passes, and every end that chance can bring it to. */
import { destinationOf, type Flight, isLocalAddress, type Machine, type Packet } from './packet.ts';

export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** The base chains at every hook, in the order in which the kernel calls them. What they let pass goes on. */
export type Hooks = Readonly<Record<Hook, readonly BaseChain[]>>;

export interface BaseChain {
  readonly type: 'filter' | 'nat';
  pass(flight: Flight): readonly Passage[];
}

/** A packet behind a rule, which sends it on to the next rule, or behind a chain, which never does. */
export interface Passage {
  readonly flight: Flight;
  readonly verdict: 'CONTINUE' | 'RETURN' | 'ACCEPT' | 'DROP' | 'REJECT';
}

/** One end a packet can come to. The chances of all its ways make 1. */
export interface Way extends Omit<Flight, 'packet' | 'machine'> {
  /** `sent`: to its endpoint, or to where it was going anyway when it has none. */
  readonly end: 'sent' | 'DROP' | 'REJECT';
}

/** All ways of a packet through the rules. */
export function trace(hooks: Hooks, packet: Packet, machine: Machine): readonly Way[] {
  const start: Flight = {
    packet,
    machine,
    memory: machine.memory ?? new Map(),
    mark: packet.mark ?? 0,
    priority: 0,
    endpoint: undefined,
    masqueraded: false,
    chance: 1,
    steps: [],
  };
  const first = packet.inInterface === undefined ? 'output' : 'prerouting';
  return passHooks(hooks, [first], start)
    .flatMap((passage) =>
      isLost(passage) ? [passage] : passHooks(hooks, hooksBehindRouting(passage.flight), passage.flight),
    )
    .map(wayOf);
}

/** The kernel routes by the translated destination. What the node sends to itself goes out and comes in by lo. */
function hooksBehindRouting(flight: Flight): readonly Hook[] {
  const isLocal = isLocalAddress(destinationOf(flight).ip, flight.machine);
  const isOwn = flight.packet.inInterface === undefined;
  if (isOwn) return isLocal ? ['postrouting', 'prerouting', 'input'] : ['postrouting'];
  return isLocal ? ['input'] : ['forward', 'postrouting'];
}

function passHooks(hooks: Hooks, names: readonly Hook[], flight: Flight): readonly Passage[] {
  const chains = names.flatMap((name) => hooks[name].filter(({ type }) => isCalled(type, name, flight)));
  let passages: readonly Passage[] = [{ flight, verdict: 'ACCEPT' }];
  for (const chain of chains) {
    passages = passages.flatMap((passage) => (isLost(passage) ? [passage] : chain.pass(passage.flight)));
  }
  return passages;
}

/** Destinations are translated once: when the node's own packet comes in again, that is over. */
function isCalled(type: BaseChain['type'], hook: Hook, { packet }: Flight): boolean {
  if (type === 'filter') return true;
  const isSecondTime = hook === 'prerouting' && packet.inInterface === undefined;
  return packet.connectionState !== 'INVALID' && !isSecondTime;
}

function isLost({ verdict }: Passage): boolean {
  return verdict === 'DROP' || verdict === 'REJECT';
}

/** Rule after rule: those whom one of them sends on meet the next one. */
export function passRules<Rule>(
  rules: readonly Rule[],
  start: Flight,
  pass: (rule: Rule, flight: Flight) => readonly Passage[],
): readonly Passage[] {
  const done: Passage[] = [];
  let pending: readonly Flight[] = [start];
  for (const rule of rules) {
    const passed = pending.flatMap((flight) => pass(rule, flight));
    done.push(...passed.filter(({ verdict }) => verdict !== 'CONTINUE'));
    pending = passed.filter(({ verdict }) => verdict === 'CONTINUE').map(({ flight }) => flight);
  }
  return [...done, ...pending.map((flight): Passage => ({ flight, verdict: 'RETURN' }))];
}

/** Behind a chain that was jumped to: who returns from it goes on. */
export function behindJump(passages: readonly Passage[]): readonly Passage[] {
  return passages.map((passage) =>
    passage.verdict === 'RETURN' ? { ...passage, verdict: 'CONTINUE' } : passage,
  );
}

function wayOf({ flight, verdict }: Passage): Way {
  const { memory, mark, priority, endpoint, masqueraded, chance, steps } = flight;
  const end = verdict === 'DROP' || verdict === 'REJECT' ? verdict : 'sent';
  return { end, memory, mark, priority, endpoint, masqueraded, chance, steps };
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

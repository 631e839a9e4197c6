/** What the rules of an nf_tables table do to a packet: their instructions, not their text, as the kernel has no other. */
import type { Chain, Rule, TableContent, Verdict } from '@menwei/netlink/nftables';
import type { Flight } from '../packet.ts';
import { type BaseChain, behindJump, type Hook, type Hooks, type Passage, passRules } from '../trace.ts';
import { carryOut, type Exit, type Moment } from './instructions.ts';

/** The hooks of a machine with this table. A trace throws if a rule names a chain or a set that is not there. */
export function nftablesHooks(table: TableContent): Hooks {
  const at = (hook: Hook) => baseChains(table, hook);
  return {
    prerouting: at('prerouting'),
    input: at('input'),
    forward: at('forward'),
    output: at('output'),
    postrouting: at('postrouting'),
  };
}

function baseChains(table: TableContent, name: Hook): readonly BaseChain[] {
  return [...table.chains.values()]
    .flatMap(({ hook, ...chain }) => (hook?.hook === name ? [{ hook, name: chain.name }] : []))
    .sort((a, b) => a.hook.priority - b.hook.priority)
    .map(({ hook, name }) => ({ type: hook.type, pass: (flight) => passChain(table, name, flight) }));
}

function passChain(table: TableContent, name: string, flight: Flight): readonly Passage[] {
  const chain = table.chains.get(name);
  if (chain === undefined) throw new Error(`there is no chain ${name}`);
  return passRules(chain.rules, flight, (rule, arrived) => passRule(table, chain, rule, arrived));
}

function passRule(table: TableContent, chain: Chain, rule: Rule, flight: Flight): readonly Passage[] {
  const step = `${chain.name}: ${rule.text ?? rule.comment}`;
  const { exits, ends } = carryOutAll(table, rule, flight);
  const withStep = (end: Flight) => ({ ...end, steps: [...end.steps, step] });
  return [
    ...exits.flatMap((exit): readonly Passage[] =>
      exit.verdict === 'no match'
        ? [{ flight: exit.flight, verdict: 'CONTINUE' }]
        : follow(table, exit.verdict, withStep(exit.flight)),
    ),
    ...ends.map((end): Passage => ({ flight: withStep(end.flight), verdict: 'CONTINUE' })),
  ];
}

/** All ways through the rule: those that leave it before its end, and those that get there. */
function carryOutAll(
  table: TableContent,
  { expressions }: Rule,
  flight: Flight,
): { readonly exits: readonly Exit[]; readonly ends: readonly Moment[] } {
  const exits: Exit[] = [];
  let moments: readonly Moment[] = [{ flight, registers: [] }];
  for (const expression of expressions) {
    const next: Moment[] = [];
    for (const way of moments.flatMap((moment) => carryOut(expression, moment, table))) {
      if ('verdict' in way) exits.push(way);
      else next.push(way);
    }
    if (next.length === 0) return { exits: joined(exits), ends: [] };
    moments = next;
  }
  return { exits: joined(exits), ends: moments };
}

/** What many numbers lead to, as to an endpoint with a large weight, is one way, and as likely as they are together. */
function joined(exits: readonly Exit[]): readonly Exit[] {
  const ways = new Map<string, Exit[]>();
  for (const exit of exits) {
    const { endpoint, mark, priority } = exit.flight;
    const id = JSON.stringify([exit.verdict, endpoint, mark, priority]);
    const alike = ways.get(id) ?? [];
    ways.set(id, alike);
    const index = alike.findIndex(({ flight }) => flight.memory === exit.flight.memory);
    const same = alike[index];
    if (same === undefined) alike.push(exit);
    else {
      const chance = same.flight.chance + exit.flight.chance;
      alike[index] = { ...exit, flight: { ...exit.flight, chance } };
    }
  }
  return [...ways.values()].flat();
}

function follow(
  table: TableContent,
  verdict: Verdict | { readonly verdict: 'reject' },
  flight: Flight,
): readonly Passage[] {
  switch (verdict.verdict) {
    case 'accept':
      return [{ flight, verdict: 'ACCEPT' }];
    case 'drop':
      return [{ flight, verdict: 'DROP' }];
    case 'reject':
      return [{ flight, verdict: 'REJECT' }];
    case 'return':
      return [{ flight, verdict: 'RETURN' }];
    case 'jump':
      return behindJump(passChain(table, verdict.chain, flight));
    case 'goto':
      // Who returns from there returns from here.
      return passChain(table, verdict.chain, flight);
  }
}

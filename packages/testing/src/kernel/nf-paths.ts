/** The ways that packets can take through a table of the nf_tables fake: the kernel walks them before it agrees to them. */
import { constants } from 'node:os';
import type { Chain, Expression, Hook } from '@menwei/netlink/nftables';
import type { NfTable } from './nf-table.ts';
import { Refused } from './refused.ts';

const { EMLINK, EOPNOTSUPP } = constants.errno;

/** linux/netfilter/nf_tables.h: NFT_JUMP_STACK_SIZE. */
const MAX_DEPTH = 16;

/** Where an expression may stand, if not everywhere: types of chains and hooks. */
const PLACES: Readonly<
  Partial<
    Record<Expression['name'], { readonly type?: Hook['type']; readonly hooks: readonly Hook['hook'][] }>
  >
> = {
  dnat: { type: 'nat', hooks: ['prerouting', 'output'] },
  masquerade: { type: 'nat', hooks: ['postrouting'] },
  reject: { hooks: ['prerouting', 'input', 'forward', 'output'] },
};

/** Throws {@link Refused} for a circle, for chains that lead too deep, and for what may not stand where it stands. */
export function checkPaths(table: NfTable): void {
  for (const chain of table.chains.values()) {
    if (chain.hook !== undefined) new Walk(table, chain.hook).enter(chain);
  }
}

class Walk {
  readonly #table: NfTable;
  readonly #hook: Hook;
  readonly #depths = new Map<string, number>();
  readonly #path = new Set<string>();

  constructor(table: NfTable, hook: Hook) {
    this.#table = table;
    this.#hook = hook;
  }

  /** Returns how many chains a packet may be in at a time from here on. */
  enter(chain: Chain): number {
    const known = this.#depths.get(chain.name);
    if (known !== undefined) return known;
    if (this.#path.has(chain.name)) throw new Refused(EMLINK, `a circle through chain ${chain.name}`);
    this.#path.add(chain.name);
    for (const { expressions } of chain.rules) for (const expression of expressions) this.#check(expression);
    let depth = 0;
    for (const verdict of this.#table.verdictsOf(chain)) {
      const next = 'chain' in verdict ? this.#table.chains.get(verdict.chain) : undefined;
      if (next !== undefined) depth = Math.max(depth, this.enter(next));
    }
    this.#path.delete(chain.name);
    this.#depths.set(chain.name, depth + 1);
    if (depth + 1 > MAX_DEPTH) throw new Refused(EMLINK, `too many chains from chain ${chain.name} on`);
    return depth + 1;
  }

  #check({ name }: Expression): void {
    const place = PLACES[name];
    if (place === undefined) return;
    const { type, hook } = this.#hook;
    if (place.type !== undefined && place.type !== type)
      throw new Refused(EOPNOTSUPP, `${name} in a ${type} chain`);
    if (!place.hooks.some((each) => each === hook)) throw new Refused(EOPNOTSUPP, `${name} at ${hook}`);
  }
}

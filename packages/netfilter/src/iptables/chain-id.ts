/** Chains by their tables and names. */

/** In the order in which a script changes them. */
export const TABLES = ['filter', 'nat', 'mangle'] as const;
export type Table = (typeof TABLES)[number];

/** A chain in its table: `nat KUBE-SERVICES`. */
export type ChainId = `${Table} ${string}`;

export function chainId(table: Table, chain: string): ChainId {
  return `${table} ${chain}`;
}

export function splitChainId(id: ChainId): { table: Table; chain: string } {
  const [table, chain] = id.split(' ', 2);
  if ((table !== 'filter' && table !== 'nat' && table !== 'mangle') || chain === undefined) {
    throw new Error(`BUG: not a chain id: ${id}`);
  }
  return { table, chain };
}

/** The chain that only exists to be missed when somebody deletes all chains (spec § 4.12). */
export const CANARY = 'KUBE-PROXY-CANARY';

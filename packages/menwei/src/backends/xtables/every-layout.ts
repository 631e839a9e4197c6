/**
 * What the modes with iptables rules have made, all of them together. They have chains in common, and a node may have
 * gone from one to the other: a chain goes only when nothing leads to it any more, so they go together.
 */

import { CANARY, type ChainId, chainId, TABLES } from '@menwei/netfilter/iptables/chain-id.ts';
import { LAYOUT as IPTABLES } from '../iptables/base.ts';
import { LAYOUT as IPVS } from '../ipvs/base.ts';
import { LAYOUT as USERSPACE } from '../userspace/base.ts';
import { jumpText, type Layout } from './layout.ts';

const LAYOUTS: readonly Layout[] = [IPTABLES, IPVS, USERSPACE];

/** For who removes things alone: of no use to a mode that runs. */
export const EVERY_LAYOUT: Layout = {
  // The same jump of two modes is one.
  jumps: [...new Map(LAYOUTS.flatMap(({ jumps }) => jumps.map((jump) => [jumpText(jump), jump]))).values()],
  fixedChains: new Set(LAYOUTS.flatMap(({ fixedChains }) => [...fixedChains])),
  keptChains: new Set(LAYOUTS.flatMap(({ keptChains = [] }) => [...keptChains])),
  isOwnChain: (chain) => LAYOUTS.some(({ isOwnChain }) => isOwnChain(chain)),
};

/** All of that but what the running mode has; where no mode with iptables rules runs, all of it. */
export function layoutBeside(running: Layout | undefined): Layout {
  if (running === undefined) return EVERY_LAYOUT;
  const used = new Set(running.jumps.map(jumpText));
  const canaries = TABLES.map((table) => chainId(table, CANARY));
  return {
    jumps: EVERY_LAYOUT.jumps.filter((jump) => !used.has(jumpText(jump))),
    fixedChains: new Set([...EVERY_LAYOUT.fixedChains].filter((id) => !running.fixedChains.has(id))),
    keptChains: new Set([...(EVERY_LAYOUT.keptChains ?? []), ...canaries]),
    isOwnChain: (chain) => EVERY_LAYOUT.isOwnChain(chain) && !running.isOwnChain(chain),
  };
}

/** The same, but for a chain and what leads to it. */
export function sparing(layout: Layout, spared: ChainId): Layout {
  return {
    ...layout,
    jumps: layout.jumps.filter(({ to }) => to !== spared),
    fixedChains: new Set([...layout.fixedChains].filter((id) => id !== spared)),
    keptChains: new Set([...(layout.keptChains ?? []), spared]),
  };
}

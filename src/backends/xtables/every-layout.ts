/**
 * What the modes with iptables rules have made, all of them together. They have chains in common, and a node may have
 * gone from one to the other: a chain goes only when nothing leads to it any more, so they go together.
 */
import { LAYOUT as IPTABLES } from '../iptables/base.ts';
import { LAYOUT as IPVS } from '../ipvs/layout.ts';
import { LAYOUT as USERSPACE } from '../userspace/base.ts';
import type { Layout } from './layout.ts';

const LAYOUTS: readonly Layout[] = [IPTABLES, IPVS, USERSPACE];

/** For clean-up alone: of no use to a mode that runs. */
export const EVERY_LAYOUT: Layout = {
  // The same jump of two modes is one.
  jumps: [
    ...new Map(
      LAYOUTS.flatMap(({ jumps }) => jumps.map((jump) => [`${jump.from} ${jump.rule}`, jump])),
    ).values(),
  ],
  fixedChains: new Set(LAYOUTS.flatMap(({ fixedChains }) => [...fixedChains])),
  keptChains: new Set(LAYOUTS.flatMap(({ keptChains = [] }) => [...keptChains])),
  isOwnChain: (chain) => LAYOUTS.some(({ isOwnChain }) => isOwnChain(chain)),
};

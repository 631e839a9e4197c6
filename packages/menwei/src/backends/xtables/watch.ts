/**
 * Notices that somebody removed or changed our rules, in whichever of our chains (spec § 4.12). Upstream looks for its
 * canary chain only, which a plain `iptables -t nat -F` leaves in place, and so does the flush of a single chain.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { CANARY, type ChainId, TABLES } from '@menwei/netfilter/iptables/chain-id.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { firstOf } from '../../log/first-lines.ts';
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import type { InTurn } from '../backend.ts';
import type { DriftCheck } from './drift-check.ts';
import { type ForeignChanges, type Suspicion, UNKNOWN_PROGRAM } from './foreign-changes.ts';

/** When many were changed, so many are told. */
const TOLD_CHAINS = 3;
const TOLD_PROGRAMS = 2;
/** After a check that failed. */
const RETRY_MS = 5_000;

/** The rules that we left in the kernel; undefined if nobody knows since a change has failed: a sync is going to look then. */
export type LeftRules = () => Ruleset | undefined;

interface TablesWatch {
  readonly tools: IptablesTools;
  readonly family: IpFamily;
  readonly logger: Logger;
  readonly left: LeftRules;
  readonly changes: ForeignChanges;
  readonly driftCheck: DriftCheck;
}

/** Calls `drifted` whenever the kernel does not hold what we left in it, until the signal ends it. */
export async function watchTables(
  watch: TablesWatch,
  drifted: (what: string) => void,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  const end = new AbortController();
  const ended = AbortSignal.any([signal, end.signal]);
  try {
    await Promise.all([watch.changes.follow(ended), lookInto(watch, drifted, inTurn, ended)]);
  } finally {
    end.abort();
  }
}

async function lookInto(
  { tools, family, logger, left, changes, driftCheck }: TablesWatch,
  drifted: (what: string) => void,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  let canariesStand = false;
  const look = async () => {
    const [wanted, suspicion] = [left(), changes.take()];
    if (suspicion === undefined) return;
    if (wanted === undefined) {
      // A sync is going to read everything, but knows nothing of canaries.
      canariesStand = false;
      return;
    }
    const startedMs = performance.now();
    try {
      const damaged = await driftCheck.damagedChains(wanted, suspicion, signal);
      if (suspicion.isEverywhere) changes.compared(performance.now() - startedMs, damaged.length === 0);
      if (damaged.length === 0) return;
      canariesStand = false;
      drifted(describe(suspicion, damaged));
    } catch (error) {
      changes.giveBack(suspicion);
      throw error;
    }
  };
  while (!signal.aborted) {
    try {
      if (!canariesStand) await inTurn(() => changes.changing(() => createCanaries(tools, signal)));
      canariesStand = true;
      await changes.wait(signal);
      if (!signal.aborted) await inTurn(look);
    } catch (error) {
      if (signal.aborted) return;
      // A busy lock, or a table that can't be read: nothing is known, so nothing is concluded.
      logger.warn({ family, err: error }, 'checking the iptables rules for drift failed');
      await pause(RETRY_MS, signal);
    }
  }
}

function describe({ changes }: Suspicion, damaged: readonly ChainId[]): string {
  const isHit = new Set(damaged);
  const culprits = changes.filter(({ chains }) => chains.some((chain) => isHit.has(chain)));
  const names = (culprits.length > 0 ? culprits : changes).map(({ by }) => by);
  const by = firstOf([...new Set(names)], TOLD_PROGRAMS, 'programs') || UNKNOWN_PROGRAM;
  return `${by} changed iptables rules in ${firstOf(damaged, TOLD_CHAINS, 'chains')}`;
}

/** For others who, like upstream, look for it. */
async function createCanaries(tools: IptablesTools, signal: AbortSignal): Promise<void> {
  for (const table of TABLES) await tools.createChain(table, CANARY, signal);
}

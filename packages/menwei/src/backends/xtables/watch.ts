/**
 * Notices that somebody removed or changed our rules, in whichever of our chains (spec § 4.12). Upstream looks for its
 * canary chain only, which a plain `iptables -t nat -F` leaves in place, and so does the flush of a single chain.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { CANARY, TABLES } from '@menwei/netfilter/iptables/chain-id.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { firstOf } from '../../log/first-lines.ts';
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import type { InTurn } from '../backend.ts';
import type { DriftCheck } from './drift-check.ts';

/** How long a flush may take from the first chain to the last before we stop waiting for the rest. */
const FLUSH_SETTLE_MS = 5_000;
const FLUSH_POLL_MS = 100;
/** When many were changed, so many are told. */
const TOLD_CHAINS = 3;

/** The rules that we left in the kernel; undefined if nobody knows since a change has failed: a sync is going to look then. */
export type LeftRules = () => Ruleset | undefined;

interface TablesWatch {
  readonly tools: IptablesTools;
  readonly family: IpFamily;
  readonly logger: Logger;
  /** How often it checks the kernel for drift. */
  readonly watchPeriodMs: number;
  readonly left: LeftRules;
  readonly driftCheck: DriftCheck;
}

/** Calls `drifted` whenever the kernel does not hold what we left in it, until the signal ends it. */
export async function watchTables(
  watch: TablesWatch,
  drifted: (what: string) => void,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  const { tools, family, logger, watchPeriodMs } = watch;
  const check = () => inTurn(() => damagedChains(watch, signal));
  let canariesStand = false;
  while (!signal.aborted) {
    try {
      if (!canariesStand) await inTurn(() => createCanaries(tools, signal));
      canariesStand = true;
      await sleep(watchPeriodMs, undefined, { signal });
      if ((await check()).length === 0) continue;
      const chains = await flushSettled(check, signal);
      if (chains.length === 0) continue;
      canariesStand = false;
      drifted(
        `iptables rules removed or changed by another program in ${firstOf(chains, TOLD_CHAINS, 'chains')}`,
      );
    } catch (error) {
      if (signal.aborted) return;
      // A busy lock, or a table that can't be read: nothing is known, so nothing is concluded.
      logger.warn({ family, err: error }, 'checking the iptables rules for drift failed');
      await pause(watchPeriodMs, signal);
    }
  }
}

/** For others who, like upstream, look for it. */
async function createCanaries(tools: IptablesTools, signal: AbortSignal): Promise<void> {
  for (const table of TABLES) await tools.createChain(table, CANARY, signal);
}

/** After the first chain was hit: waits until the flush is through all of them, or is not going any further. */
async function flushSettled(
  check: () => Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  let damaged = await check();
  for (let waitedMs = 0; waitedMs < FLUSH_SETTLE_MS; waitedMs += FLUSH_POLL_MS) {
    await sleep(FLUSH_POLL_MS, undefined, { signal });
    const now = await check();
    if (now.length === damaged.length) return now;
    damaged = now;
  }
  return damaged;
}

/** The chains that are not as we left them. */
async function damagedChains(
  { left, driftCheck }: TablesWatch,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const wanted = left();
  return wanted === undefined ? [] : driftCheck.damagedChains(wanted, signal);
}

/**
 * Notices that somebody flushed or deleted our rules (spec § 4.12). Upstream looks for its canary chain only, which a
 * plain `iptables -t nat -F` leaves in place; so one jump of each table is looked for as well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IptablesTools } from '../../kernel/iptables-tools.ts';
import type { InTurn } from '../backend.ts';
import { CANARY, splitChainId, type Table } from './chain-id.ts';
import type { KernelRulesOptions } from './kernel-rules.ts';
import { jumpsOf, type Layout } from './layout.ts';
import { formatRule } from './rule.ts';
import { parseSavedRule } from './saved-rule.ts';

const WATCHED_TABLES: readonly Table[] = ['mangle', 'nat', 'filter'];

/** How long a flush may take from the first table to the last before we stop waiting for the rest. */
const FLUSH_SETTLE_MS = 5_000;
const FLUSH_POLL_MS = 100;

/** Calls `drifted` whenever rules were taken away, until the signal ends it. */
export async function watchTables(
  { tools, layout, family, logger, watchPeriodMs }: KernelRulesOptions,
  drifted: (what: string) => void,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  const look = () => inTurn(() => damagedTables(tools, layout, signal));
  let canariesStand = false;
  while (!signal.aborted) {
    try {
      if (!canariesStand) await inTurn(() => createCanaries(tools, signal));
      canariesStand = true;
      await sleep(watchPeriodMs, undefined, { signal });
      if ((await look()).length === 0) continue;
      const damaged = await flushSettled(look, signal);
      canariesStand = false;
      drifted(`rules were removed by somebody else from: ${damaged.join(', ')}`);
    } catch (error) {
      if (signal.aborted) return;
      // A busy lock, most likely: nothing is known, so nothing is concluded.
      logger.warn({ family, error }, 'could not look after the iptables rules');
      await sleep(watchPeriodMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function createCanaries(tools: IptablesTools, signal: AbortSignal): Promise<void> {
  for (const table of WATCHED_TABLES) await tools.createChain(table, CANARY, signal);
}

/** The tables in which something of ours is missing. */
async function damagedTables(
  tools: IptablesTools,
  layout: Layout,
  signal: AbortSignal,
): Promise<readonly Table[]> {
  const damaged: Table[] = [];
  for (const table of WATCHED_TABLES) if (await isDamaged(tools, layout, table, signal)) damaged.push(table);
  return damaged;
}

/** After the first table was hit: waits until the flush is through all of them, or is not going any further. */
async function flushSettled(
  look: () => Promise<readonly Table[]>,
  signal: AbortSignal,
): Promise<readonly Table[]> {
  let damaged = await look();
  for (let waitedMs = 0; waitedMs < FLUSH_SETTLE_MS; waitedMs += FLUSH_POLL_MS) {
    await sleep(FLUSH_POLL_MS, undefined, { signal });
    const now = await look();
    if (now.length === WATCHED_TABLES.length || now.length === damaged.length) return now;
    damaged = now;
  }
  return damaged;
}

async function isDamaged(
  tools: IptablesTools,
  layout: Layout,
  table: Table,
  signal: AbortSignal,
): Promise<boolean> {
  // The short chains are asked for, never the whole table.
  if ((await tools.list(table, CANARY, signal)) === undefined) return true;
  const jump = jumpsOf(layout, table).at(-1);
  if (jump === undefined) return false;
  const { chain } = splitChainId(jump.from);
  const rules = (await tools.list(table, chain, signal)) ?? [];
  return !rules.some((line) => {
    const rule = parseSavedRule(line.slice(`-A ${chain} `.length));
    return rule !== undefined && formatRule(rule) === jump.rule;
  });
}

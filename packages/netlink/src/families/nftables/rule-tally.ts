/**
 * What stands in the chains of a table, counted: rules of any program, whether or not we have words for them, at a fraction
 * of what it takes to read them.
 */
import { forEachAttribute } from '../../attribute-reader.ts';
import type { NetlinkConnection } from '../../connection.ts';
import type { DumpReader } from '../../dump-attempt.ts';
import { viewOf } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { NFGENMSG_SIZE } from '../../nfnetlink.ts';
import { readText } from '../../text.ts';
import {
  NFT_MSG,
  NFTA_CHAIN,
  NFTA_DATA,
  NFTA_EXPR,
  NFTA_IMMEDIATE,
  NFTA_RULE,
  NFTA_VERDICT,
} from './constants.ts';
import { encodeHeader } from './header.ts';
import type { TableName } from './model.ts';

/** How many rules a chain has. */
export interface ChainTally {
  readonly rules: number;
  /** Number of the rule that came last; the kernel counts on with each rule of the table. */
  readonly newest: number;
  /** The chains that its rules lead to, as often as they do. */
  readonly targets: readonly string[];
}

/** How often a chain is used. */
export interface ChainUse {
  /** How many rules stand in the chain, and lead to it: both in one number. */
  readonly use: number;
  /** Packets come to it from the kernel. */
  readonly isBase: boolean;
}

/** Of all chains of a table. Throws KernelError. */
export function readChainUses(
  connection: NetlinkConnection,
  { family, name }: TableName,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ChainUse>> {
  const request = {
    operation: 'observe',
    object: `chains of table ${family} ${name}`,
    type: NFT_MSG.GETCHAIN,
    write: (writer: MessageWriter) => encodeHeader(writer, family),
  };
  return connection.dump(request, () => usesReader(name), signal);
}

function usesReader(name: string): DumpReader<ReadonlyMap<string, ChainUse>> {
  const uses = new Map<string, ChainUse>();
  return {
    read: ({ payload }) => {
      let [table, chain, use, isBase] = ['', '', 0, false];
      forEachAttribute(payload, NFGENMSG_SIZE, payload.length, (type, from, to) => {
        if (type === NFTA_CHAIN.TABLE) table = readText(payload, from, to);
        else if (type === NFTA_CHAIN.NAME) chain = readText(payload, from, to);
        else if (type === NFTA_CHAIN.USE) use = viewOf(payload).getUint32(from);
        else if (type === NFTA_CHAIN.HOOK) isBase = true;
      });
      // The kernel gives the chains of all tables of a family.
      if (table === name) uses.set(chain, { use, isBase });
    },
    result: () => uses,
  };
}

/**
 * Of all chains or of one; those without rules are not among them. For each piece of a dump the kernel counts from the
 * beginning, so that all of a large table take a multiple of what its chains take one by one. Throws KernelError.
 */
export function readRuleTally(
  connection: NetlinkConnection,
  { family, name }: TableName,
  chain: string | undefined,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ChainTally>> {
  return connection.dump(
    {
      operation: 'observe',
      object: `rules of table ${family} ${name}`,
      type: NFT_MSG.GETRULE,
      write: (writer) => {
        encodeHeader(writer, family);
        writer.text(NFTA_RULE.TABLE, name);
        if (chain !== undefined) writer.text(NFTA_RULE.CHAIN, chain);
      },
    },
    tallyReader,
    signal,
  );
}

function tallyReader(): DumpReader<ReadonlyMap<string, ChainTally>> {
  const chains = new Map<string, { rules: number; newest: number; targets: string[] }>();
  return {
    read: ({ payload }) => {
      let chain = '';
      let handle = 0;
      let target: string | undefined;
      forEachAttribute(payload, NFGENMSG_SIZE, payload.length, (type, from, to) => {
        if (type === NFTA_RULE.CHAIN) chain = readText(payload, from, to);
        else if (type === NFTA_RULE.HANDLE) handle = Number(viewOf(payload).getBigUint64(from));
        else if (type === NFTA_RULE.EXPRESSIONS) target = targetOf(payload, from, to);
      });
      const tally = chains.get(chain);
      if (tally === undefined) {
        chains.set(chain, { rules: 1, newest: handle, targets: target === undefined ? [] : [target] });
        return;
      }
      tally.rules++;
      tally.newest = Math.max(tally.newest, handle);
      if (target !== undefined) tally.targets.push(target);
    },
    result: () => chains,
  };
}

/** The chain that the last expression of a rule leads to: a verdict, put into the register of verdicts. */
function targetOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  let target: string | undefined;
  forEachAttribute(bytes, start, end, (_, from, to) => {
    target = undefined;
    let isImmediate = false;
    forEachAttribute(bytes, from, to, (type, from, to) => {
      if (type === NFTA_EXPR.NAME) isImmediate = readText(bytes, from, to) === 'immediate';
      else if (type === NFTA_EXPR.DATA && isImmediate) target = verdictChain(bytes, from, to);
    });
  });
  return target;
}

function verdictChain(bytes: Uint8Array, start: number, end: number): string | undefined {
  let chain: string | undefined;
  within(bytes, start, end, NFTA_IMMEDIATE.DATA, (from, to) =>
    within(bytes, from, to, NFTA_DATA.VERDICT, (from, to) =>
      within(bytes, from, to, NFTA_VERDICT.CHAIN, (from, to) => {
        chain = readText(bytes, from, to);
      }),
    ),
  );
  return chain;
}

function within(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: number,
  each: (from: number, to: number) => void,
): void {
  forEachAttribute(bytes, start, end, (type, from, to) => {
    if (type === wanted) each(from, to);
  });
}

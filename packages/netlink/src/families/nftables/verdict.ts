/** What becomes of a packet: as text (`goto pick-3`), and as attributes of rules and elements. */
import type { Attributes } from '../../attribute.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { readText } from '../../text.ts';
import { u32 } from './attribute-value.ts';
import { NFTA_DATA, NFTA_VERDICT } from './constants.ts';
import type { Verdict } from './model.ts';

/** NF_DROP, NF_ACCEPT and NFT_JUMP, NFT_GOTO, NFT_RETURN (linux/netfilter/nf_tables.h), as numbers without sign. */
const CODES: Readonly<Record<Verdict['verdict'], number>> = {
  drop: 0,
  accept: 1,
  jump: -3 >>> 0,
  goto: -4 >>> 0,
  return: -5 >>> 0,
};

/** Throws an Error (a broken invariant) if the text is no verdict. */
export function parseVerdict(text: string): Verdict {
  if (text === 'accept' || text === 'drop' || text === 'return') return { verdict: text };
  if (text.startsWith('jump ')) return { verdict: 'jump', chain: text.slice(5) };
  if (text.startsWith('goto ')) return { verdict: 'goto', chain: text.slice(5) };
  throw new Error(`BUG: '${text}' is no verdict`);
}

/** `accept`, `goto pick-3` */
export function formatVerdict(verdict: Verdict): string {
  return 'chain' in verdict ? `${verdict.verdict} ${verdict.chain}` : verdict.verdict;
}

/** As NFTA_DATA_VERDICT in an attribute of type `type`. */
export function encodeVerdict(writer: MessageWriter, type: number, verdict: Verdict): void {
  const data = writer.beginNested(type);
  const inner = writer.beginNested(NFTA_DATA.VERDICT);
  writer.u32be(NFTA_VERDICT.CODE, CODES[verdict.verdict]);
  if ('chain' in verdict) writer.text(NFTA_VERDICT.CHAIN, verdict.chain);
  writer.endNested(inner);
  writer.endNested(data);
}

/** From the attributes in NFTA_DATA_VERDICT. Undefined if it is none of ours (`queue`). Throws KernelError. */
export function decodeVerdict(attributes: Attributes): Verdict | undefined {
  const chain = attributes.get(NFTA_VERDICT.CHAIN) ?? new Uint8Array();
  return verdictOf(u32(attributes, NFTA_VERDICT.CODE), readText(chain, 0, chain.length));
}

/** By the kernel's number, without sign; `chain` is of meaning to those that lead to one. */
export function verdictOf(code: number, chain: string): Verdict | undefined {
  for (const verdict of ['accept', 'drop', 'return'] as const) {
    if (CODES[verdict] === code) return { verdict };
  }
  for (const verdict of ['jump', 'goto'] as const) {
    if (CODES[verdict] === code) return { verdict, chain };
  }
  return undefined;
}

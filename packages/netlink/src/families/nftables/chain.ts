/** Chains in netlink attributes, without their rules. */
import { type Attributes, decodeText } from '../../attribute.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { nested, optionalU32, text, u32 } from './attribute-value.ts';
import { NF_ACCEPT, NFT_CHAIN_BINDING, NFTA_CHAIN, NFTA_HOOK } from './constants.ts';
import type { Chain, Hook } from './model.ts';
import { decodeComment, encodeComment } from './userdata.ts';

/** By their numbers (enum nf_inet_hooks). */
const HOOKS: readonly Hook['hook'][] = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

export function encodeChainName(writer: MessageWriter, table: string, chain: string): void {
  writer.text(NFTA_CHAIN.TABLE, table);
  writer.text(NFTA_CHAIN.NAME, chain);
}

export function encodeChain(writer: MessageWriter, table: string, { name, hook, comment }: Chain): void {
  encodeChainName(writer, table, name);
  if (hook !== undefined) {
    writer.text(NFTA_CHAIN.TYPE, hook.type);
    writer.u32be(NFTA_CHAIN.POLICY, NF_ACCEPT);
    const attributes = writer.beginNested(NFTA_CHAIN.HOOK);
    writer.u32be(NFTA_HOOK.HOOKNUM, HOOKS.indexOf(hook.hook));
    writer.u32be(NFTA_HOOK.PRIORITY, hook.priority >>> 0);
    writer.endNested(attributes);
  }
  encodeComment(writer, NFTA_CHAIN.USERDATA, comment);
}

/** The table a chain belongs to, of any family: chains are only dumped all together. */
export function decodeChainTable(attributes: Attributes): string {
  return text(attributes, NFTA_CHAIN.TABLE);
}

export function decodeChainName(attributes: Attributes): string {
  return text(attributes, NFTA_CHAIN.NAME);
}

/**
 * The chain without rules; undefined for one that nft made for a single rule, which goes with it. Throws KernelError.
 */
export function decodeChain(attributes: Attributes): Chain | undefined {
  if ((u32(attributes, NFTA_CHAIN.FLAGS) & NFT_CHAIN_BINDING) !== 0) return undefined;
  return {
    name: text(attributes, NFTA_CHAIN.NAME),
    hook: decodeHook(attributes),
    comment: decodeComment(attributes.get(NFTA_CHAIN.USERDATA)),
    rules: [],
  };
}

function decodeHook(attributes: Attributes): Hook | undefined {
  const location = nested(attributes, NFTA_CHAIN.HOOK);
  if (location === undefined) return undefined;
  const type = decodeText(attributes.get(NFTA_CHAIN.TYPE) ?? new Uint8Array());
  const number = u32(location, NFTA_HOOK.HOOKNUM);
  const hook = HOOKS[number];
  const policy = optionalU32(attributes, NFTA_CHAIN.POLICY) ?? NF_ACCEPT;
  const priority = u32(location, NFTA_HOOK.PRIORITY) | 0;
  if (type !== 'filter' && type !== 'nat') return unknownHook(priority, `type ${type}`);
  if (hook === undefined) return unknownHook(priority, `hook ${number}`);
  return policy === NF_ACCEPT ? { type, hook, priority } : { type, hook, priority, unknown: 'policy drop' };
}

function unknownHook(priority: number, unknown: string): Hook {
  return { type: 'filter', hook: 'prerouting', priority, unknown };
}

/** What the kernel tells the multicast group NFNLGRP_NFTABLES: every change of everybody, transaction by transaction. */
import type { Attributes } from '../../attribute.ts';
import { decodeText } from '../../attribute.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import type { NetlinkMessage } from '../../message.ts';
import { decodeBody } from '../../nfnetlink.ts';
import { optionalU32, text } from './attribute-value.ts';
import {
  NFT_MSG,
  NFTA_CHAIN,
  NFTA_GEN,
  NFTA_RULE,
  NFTA_SET,
  NFTA_SET_ELEM_LIST,
  NFTA_TABLE,
} from './constants.ts';
import { decodeFamily } from './header.ts';
import type { TableName } from './model.ts';

/** One change. */
export interface ChangeNotification {
  /** Undefined: of a family that this library has no word for. */
  readonly table: TableName | undefined;
  /** `deleted chain services`, `added 3 elements of endpoints` */
  readonly what: string;
  /** The chain that was changed, or a rule of it; undefined: it was something else. */
  readonly chain?: string;
}

/** Comes last of a transaction. */
export interface GenerationNotification {
  /** Of the ruleset since then. */
  readonly generation: number;
  /** The thread that did it, by its number in the first PID namespace. */
  readonly processId: number | undefined;
  /** Of that thread, at most 15 bytes. */
  readonly processName: string | undefined;
}

/** One message of a transaction. */
export type Notification = ChangeNotification | GenerationNotification;

/** What a message says of the objects of its kind: all have the table's name in the same place. */
const WORDS = new Map<number, (attributes: Attributes) => string>([
  [NFT_MSG.NEWTABLE, () => 'added table'],
  [NFT_MSG.DELTABLE, () => 'deleted table'],
  [NFT_MSG.NEWCHAIN, (attributes) => `added chain ${text(attributes, NFTA_CHAIN.NAME)}`],
  [NFT_MSG.DELCHAIN, (attributes) => `deleted chain ${text(attributes, NFTA_CHAIN.NAME)}`],
  [NFT_MSG.NEWRULE, (attributes) => `added rule in ${text(attributes, NFTA_RULE.CHAIN)}`],
  [NFT_MSG.DELRULE, (attributes) => `deleted rule of ${text(attributes, NFTA_RULE.CHAIN)}`],
  [NFT_MSG.NEWSET, (attributes) => `added set ${text(attributes, NFTA_SET.NAME)}`],
  [NFT_MSG.DELSET, (attributes) => `deleted set ${text(attributes, NFTA_SET.NAME)}`],
  [NFT_MSG.NEWSETELEM, (attributes) => `added ${elements(attributes)}`],
  [NFT_MSG.DELSETELEM, (attributes) => `deleted ${elements(attributes)}`],
  [NFT_MSG.NEWOBJ, () => 'added object'],
  [NFT_MSG.DELOBJ, () => 'deleted object'],
  [NFT_MSG.NEWFLOWTABLE, () => 'added flowtable'],
  [NFT_MSG.DELFLOWTABLE, () => 'deleted flowtable'],
]);

/** Where the name of a chain is. */
const CHAIN_NAMES = new Map<number, number>([
  [NFT_MSG.NEWCHAIN, NFTA_CHAIN.NAME],
  [NFT_MSG.DELCHAIN, NFTA_CHAIN.NAME],
  [NFT_MSG.NEWRULE, NFTA_RULE.CHAIN],
  [NFT_MSG.DELRULE, NFTA_RULE.CHAIN],
]);

/** Undefined for a message that tells of nothing. Throws KernelError when malformed. */
export function decodeNotification({ type, payload }: NetlinkMessage): Notification | undefined {
  if (type === NFT_MSG.NEWGEN) return decodeGeneration(decodeBody(payload));
  const words = WORDS.get(type);
  if (words === undefined) return undefined;
  const attributes = decodeBody(payload);
  const family = decodeFamily(payload);
  const table = family === undefined ? undefined : { family, name: text(attributes, NFTA_TABLE.NAME) };
  const chainName = CHAIN_NAMES.get(type);
  const chain = chainName === undefined ? {} : { chain: text(attributes, chainName) };
  return { table, what: words(attributes), ...chain };
}

function decodeGeneration(attributes: Attributes): GenerationNotification {
  const processName = attributes.get(NFTA_GEN.PROC_NAME);
  return {
    generation: optionalU32(attributes, NFTA_GEN.ID) ?? 0,
    processId: optionalU32(attributes, NFTA_GEN.PROC_PID),
    processName: processName === undefined ? undefined : decodeText(processName),
  };
}

function elements(attributes: Attributes): string {
  const list = attributes.get(NFTA_SET_ELEM_LIST.ELEMENTS) ?? new Uint8Array();
  let count = 0;
  forEachAttribute(list, 0, list.length, () => {
    count++;
  });
  return `${count === 1 ? 'element' : `${count} elements`} of ${text(attributes, NFTA_SET_ELEM_LIST.SET)}`;
}

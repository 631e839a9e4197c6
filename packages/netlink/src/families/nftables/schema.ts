/** The messages of nf_tables, for the debug switch. */
import { type Attributes, decodeText } from '../../attribute.ts';
import {
  attributes,
  type MessageSchemas,
  messages,
  NFGENMSG,
  NO_ATTRIBUTES,
  type Schema,
} from '../../debug/schema.ts';
import * as numbers from './constants.ts';

const VERDICT = attributes('NFTA_VERDICT_', numbers.NFTA_VERDICT, { CODE: 's32be', CHAIN: 'text' });
const DATA = attributes('NFTA_DATA_', numbers.NFTA_DATA, { VERDICT: () => VERDICT });

/** What all lists are made of. */
function listOf(schema: () => Schema): () => Schema {
  const list: Schema = new Map([[numbers.NFTA_LIST_ELEM, { name: 'NFTA_LIST_ELEM', as: schema }]]);
  return () => list;
}

/** Of expressions, by their names. */
const EXPRESSIONS: ReadonlyMap<string, Schema> = new Map([
  [
    'payload',
    attributes('NFTA_PAYLOAD_', numbers.NFTA_PAYLOAD, {
      DREG: 'u32be',
      BASE: 'u32be',
      OFFSET: 'u32be',
      LEN: 'u32be',
    }),
  ],
  ['meta', attributes('NFTA_META_', numbers.NFTA_META, { DREG: 'u32be', KEY: 'u32be', SREG: 'u32be' })],
  ['ct', attributes('NFTA_CT_', numbers.NFTA_CT, { DREG: 'u32be', KEY: 'u32be', DIRECTION: 'u8' })],
  ['cmp', attributes('NFTA_CMP_', numbers.NFTA_CMP, { SREG: 'u32be', OP: 'u32be', DATA: () => DATA })],
  [
    'bitwise',
    attributes('NFTA_BITWISE_', numbers.NFTA_BITWISE, {
      SREG: 'u32be',
      DREG: 'u32be',
      LEN: 'u32be',
      MASK: () => DATA,
      XOR: () => DATA,
      OP: 'u32be',
    }),
  ],
  [
    'lookup',
    attributes('NFTA_LOOKUP_', numbers.NFTA_LOOKUP, {
      SET: 'text',
      SREG: 'u32be',
      DREG: 'u32be',
      FLAGS: 'u32be',
    }),
  ],
  ['immediate', attributes('NFTA_IMMEDIATE_', numbers.NFTA_IMMEDIATE, { DREG: 'u32be', DATA: () => DATA })],
  [
    'numgen',
    attributes('NFTA_NG_', numbers.NFTA_NG, {
      DREG: 'u32be',
      MODULUS: 'u32be',
      TYPE: 'u32be',
      OFFSET: 'u32be',
    }),
  ],
  [
    'nat',
    attributes('NFTA_NAT_', numbers.NFTA_NAT, {
      TYPE: 'u32be',
      FAMILY: 'u32be',
      REG_ADDR_MIN: 'u32be',
      REG_ADDR_MAX: 'u32be',
      REG_PROTO_MIN: 'u32be',
      REG_PROTO_MAX: 'u32be',
      FLAGS: 'u32be',
    }),
  ],
  ['reject', attributes('NFTA_REJECT_', numbers.NFTA_REJECT, { TYPE: 'u32be', ICMP_CODE: 'u8' })],
  ['fib', attributes('NFTA_FIB_', numbers.NFTA_FIB, { DREG: 'u32be', RESULT: 'u32be', FLAGS: 'u32be' })],
  [
    'dynset',
    attributes('NFTA_DYNSET_', numbers.NFTA_DYNSET, {
      SET_NAME: 'text',
      OP: 'u32be',
      SREG_KEY: 'u32be',
      SREG_DATA: 'u32be',
      TIMEOUT: 'u64be',
      FLAGS: 'u32be',
    }),
  ],
]);

const EXPRESSION = attributes('NFTA_EXPR_', numbers.NFTA_EXPR, { NAME: 'text', DATA: dataOfExpression });

function dataOfExpression(beside: Attributes): Schema {
  const name = beside.get(numbers.NFTA_EXPR.NAME);
  return (name && EXPRESSIONS.get(decodeText(name))) ?? NO_ATTRIBUTES;
}

const TABLE = attributes('NFTA_TABLE_', { ...numbers.NFTA_TABLE, USE: 3, HANDLE: 4 } as const, {
  NAME: 'text',
  FLAGS: 'u32be',
  USE: 'u32be',
  HANDLE: 'u64be',
});

const HOOK = attributes('NFTA_HOOK_', numbers.NFTA_HOOK, { HOOKNUM: 'u32be', PRIORITY: 's32be' });
const CHAIN = attributes('NFTA_CHAIN_', { ...numbers.NFTA_CHAIN, HANDLE: 2 } as const, {
  HANDLE: 'u64be',
  TABLE: 'text',
  NAME: 'text',
  HOOK: () => HOOK,
  POLICY: 'u32be',
  USE: 'u32be',
  TYPE: 'text',
  FLAGS: 'u32be',
});

const RULE = attributes('NFTA_RULE_', numbers.NFTA_RULE, {
  TABLE: 'text',
  CHAIN: 'text',
  HANDLE: 'u64be',
  EXPRESSIONS: listOf(() => EXPRESSION),
});

const SET_FIELD = attributes('NFTA_SET_FIELD_', { LEN: numbers.NFTA_SET_FIELD_LEN } as const, {
  LEN: 'u32be',
});
const SET_DESC = attributes('NFTA_SET_DESC_', numbers.NFTA_SET_DESC, {
  SIZE: 'u32be',
  CONCAT: listOf(() => SET_FIELD),
});
const SET = attributes('NFTA_SET_', { ...numbers.NFTA_SET, HANDLE: 16 } as const, {
  HANDLE: 'u64be',
  TABLE: 'text',
  NAME: 'text',
  FLAGS: 'u32be',
  KEY_TYPE: 'u32be',
  KEY_LEN: 'u32be',
  DATA_TYPE: 'u32be',
  DATA_LEN: 'u32be',
  DESC: () => SET_DESC,
  ID: 'u32be',
  TIMEOUT: 'u64be',
});

const ELEMENT = attributes('NFTA_SET_ELEM_', numbers.NFTA_SET_ELEM, {
  KEY: () => DATA,
  DATA: () => DATA,
  FLAGS: 'u32be',
  EXPIRATION: 'u64be',
  KEY_END: () => DATA,
});
const ELEMENTS = attributes('NFTA_SET_ELEM_LIST_', numbers.NFTA_SET_ELEM_LIST, {
  TABLE: 'text',
  SET: 'text',
  ELEMENTS: listOf(() => ELEMENT),
});

const GENERATION = attributes('NFTA_GEN_', numbers.NFTA_GEN, {
  ID: 'u32be',
  PROC_PID: 'u32be',
  PROC_NAME: 'text',
});

const BATCH = { BEGIN: numbers.NFNL_MSG_BATCH_BEGIN, END: numbers.NFNL_MSG_BATCH_END } as const;
const BATCH_CONTENTS = attributes('NFNL_BATCH_', { GENID: numbers.NFNL_BATCH_GENID } as const, {
  GENID: 'u32be',
});

/** By what the names of messages end in. */
const CONTENTS: readonly (readonly [string, Schema])[] = [
  ['SETELEM', ELEMENTS],
  ['SET', SET],
  ['RULE', RULE],
  ['CHAIN', CHAIN],
  ['FLOWTABLE', NO_ATTRIBUTES],
  ['TABLE', TABLE],
  ['GEN', GENERATION],
];

function contents(name: string): Schema {
  return CONTENTS.find(([end]) => name.endsWith(end))?.[1] ?? NO_ATTRIBUTES;
}

export const NFTABLES_MESSAGES: MessageSchemas = new Map([
  ...messages('NFT_MSG_', numbers.NFT_MSG, NFGENMSG, contents),
  ...messages('NFNL_MSG_BATCH_', BATCH, NFGENMSG, () => BATCH_CONTENTS),
]);

/** Expressions of rules in netlink attributes: one table of what each is made of, and its two readers. */
import { type Attributes, decodeAttributes } from '../../attribute.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { text, u32 } from './attribute-value.ts';
import {
  NFPROTO,
  NFT_REG_VERDICT,
  NFTA_BITWISE,
  NFTA_BYTEORDER,
  NFTA_CMP,
  NFTA_CT,
  NFTA_DYNSET,
  NFTA_EXPR,
  NFTA_FIB,
  NFTA_IMMEDIATE,
  NFTA_LIST_ELEM,
  NFTA_LOOKUP,
  NFTA_MASQ_FLAGS,
  NFTA_META,
  NFTA_NAT,
  NFTA_NG,
  NFTA_PAYLOAD,
  NFTA_REJECT,
} from './constants.ts';
import {
  bit,
  bytes,
  choice,
  constant,
  type Field,
  familyByteChoice,
  familyChoice,
  milliseconds,
  NO_WORD,
  name,
  number,
  optionalByteChoice,
  ownBits,
  register,
  registerRange,
  resultRegister,
  verdict,
} from './field.ts';
import type { Expression, TableFamily } from './model.ts';

type Name = Exclude<Expression['name'], 'unknown'>;
type Named<N> = Extract<Expression, { readonly name: N }>;

interface Layout<Body> {
  readonly kernelName: string;
  readonly fields: { readonly [Property in keyof Body]: Field<Body[Property]> };
  readonly constants?: readonly Field<void>[];
}

/** Keys that are the same in both families. */
const CT_KEYS = { state: 0, status: 2, 'proto-src': 11, 'proto-dst': 12 } as const;
/** By default the kernel notes which parts of an address are given. */
const NF_NAT_RANGE_GIVEN = 3;
const NF_NAT_RANGE_PROTO_RANDOM_FULLY = 0x10;
const NFT_NG_RANDOM = 1;
const NFT_NAT_DNAT = 1;
const NFT_REJECT_ICMP_UNREACH = 0;
const NFT_REJECT_TCP_RST = 1;
const NFT_FIB_RESULT_ADDRTYPE = 3;
const NFT_DYNSET_OP_UPDATE = 1;
const NFT_LOOKUP_F_INV = 1;
const NFT_BITWISE_MASK_XOR = 0;

const LAYOUTS: { readonly [N in Name]: Layout<Omit<Named<N>, 'name'>> } = {
  payload: {
    kernelName: 'payload',
    fields: {
      base: choice(NFTA_PAYLOAD.BASE, { network: 1, transport: 2 }),
      offset: number(NFTA_PAYLOAD.OFFSET),
      length: number(NFTA_PAYLOAD.LEN),
      to: register(NFTA_PAYLOAD.DREG),
    },
  },
  meta: {
    kernelName: 'meta',
    fields: {
      key: choice(NFTA_META.KEY, { priority: 2, mark: 3, iifname: 6, l4proto: 16 }),
      to: register(NFTA_META.DREG),
    },
  },
  'meta set': {
    kernelName: 'meta',
    fields: {
      key: choice(NFTA_META.KEY, { priority: 2, mark: 3 }),
      from: register(NFTA_META.SREG),
    },
  },
  ct: {
    kernelName: 'ct',
    fields: {
      // As in nft's `ct original ip daddr`: the older keys leave the family to the table, and are none of ours.
      key: familyChoice(NFTA_CT.KEY, {
        ip: { ...CT_KEYS, src: 19, dst: 20 },
        ip6: { ...CT_KEYS, src: 21, dst: 22 },
      }),
      direction: optionalByteChoice(NFTA_CT.DIRECTION, { original: 0, reply: 1 }),
      to: register(NFTA_CT.DREG),
    },
  },
  cmp: {
    kernelName: 'cmp',
    fields: {
      operation: choice(NFTA_CMP.OP, { eq: 0, neq: 1 }),
      from: register(NFTA_CMP.SREG),
      value: bytes(NFTA_CMP.DATA),
    },
  },
  bitwise: {
    kernelName: 'bitwise',
    fields: {
      from: register(NFTA_BITWISE.SREG),
      to: register(NFTA_BITWISE.DREG),
      mask: bytes(NFTA_BITWISE.MASK, NFTA_BITWISE.LEN),
      xor: bytes(NFTA_BITWISE.XOR),
    },
    constants: [constant(NFTA_BITWISE.OP, NFT_BITWISE_MASK_XOR)],
  },
  lookup: {
    kernelName: 'lookup',
    fields: {
      set: name(NFTA_LOOKUP.SET),
      from: register(NFTA_LOOKUP.SREG),
      to: resultRegister(NFTA_LOOKUP.DREG),
      inverted: bit(NFTA_LOOKUP.FLAGS, NFT_LOOKUP_F_INV),
    },
  },
  immediate: {
    kernelName: 'immediate',
    fields: { verdict: verdict(NFTA_IMMEDIATE.DATA) },
    constants: [constant(NFTA_IMMEDIATE.DREG, NFT_REG_VERDICT)],
  },
  'immediate value': {
    kernelName: 'immediate',
    fields: {
      to: register(NFTA_IMMEDIATE.DREG),
      value: bytes(NFTA_IMMEDIATE.DATA),
    },
  },
  numgen: {
    kernelName: 'numgen',
    fields: {
      modulus: number(NFTA_NG.MODULUS),
      offset: number(NFTA_NG.OFFSET),
      to: register(NFTA_NG.DREG),
    },
    constants: [constant(NFTA_NG.TYPE, NFT_NG_RANDOM)],
  },
  dnat: {
    kernelName: 'nat',
    fields: {
      family: choice(NFTA_NAT.FAMILY, NFPROTO),
      address: registerRange(NFTA_NAT.REG_ADDR_MIN, NFTA_NAT.REG_ADDR_MAX),
      port: registerRange(NFTA_NAT.REG_PROTO_MIN, NFTA_NAT.REG_PROTO_MAX),
    },
    constants: [constant(NFTA_NAT.TYPE, NFT_NAT_DNAT), ownBits(NFTA_NAT.FLAGS, NF_NAT_RANGE_GIVEN)],
  },
  'dnat address': {
    kernelName: 'nat',
    fields: {
      family: choice(NFTA_NAT.FAMILY, NFPROTO),
      address: registerRange(NFTA_NAT.REG_ADDR_MIN, NFTA_NAT.REG_ADDR_MAX),
    },
    constants: [constant(NFTA_NAT.TYPE, NFT_NAT_DNAT), ownBits(NFTA_NAT.FLAGS, NF_NAT_RANGE_GIVEN)],
  },
  masquerade: {
    kernelName: 'masq',
    fields: { fullyRandom: bit(NFTA_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY) },
  },
  reject: {
    kernelName: 'reject',
    fields: {
      with: familyByteChoice(NFTA_REJECT.ICMP_CODE, {
        ip: { 'port-unreachable': 3 },
        ip6: { 'port-unreachable': 4 },
      }),
    },
    constants: [constant(NFTA_REJECT.TYPE, NFT_REJECT_ICMP_UNREACH)],
  },
  reset: {
    kernelName: 'reject',
    fields: {},
    constants: [constant(NFTA_REJECT.TYPE, NFT_REJECT_TCP_RST)],
  },
  notrack: { kernelName: 'notrack', fields: {} },
  'fib type': {
    kernelName: 'fib',
    fields: {
      of: choice(NFTA_FIB.FLAGS, { saddr: 1, daddr: 2 }),
      to: register(NFTA_FIB.DREG),
    },
    constants: [constant(NFTA_FIB.RESULT, NFT_FIB_RESULT_ADDRTYPE)],
  },
  update: {
    kernelName: 'dynset',
    fields: {
      set: name(NFTA_DYNSET.SET_NAME),
      key: register(NFTA_DYNSET.SREG_KEY),
      data: register(NFTA_DYNSET.SREG_DATA),
      timeoutMs: milliseconds(NFTA_DYNSET.TIMEOUT),
    },
    constants: [
      constant(NFTA_DYNSET.OP, NFT_DYNSET_OP_UPDATE),
      ownBits(NFTA_DYNSET.FLAGS, 0),
      // Some machines need the timeout aligned to eight bytes.
      { types: [NFTA_DYNSET.PAD], write: () => undefined, read: () => undefined },
    ],
  },
};

/** Any layout, for code that treats all alike: the table above says which property has which type. */
type AnyLayout = Layout<Readonly<Record<string, unknown>>>;
const NAMES = Object.keys(LAYOUTS) as readonly Name[];

/** As an element of a list of expressions. Throws an Error (a broken invariant) for what can't be said. */
export function encodeExpression(writer: MessageWriter, expression: Expression, family: TableFamily): void {
  if (expression.name === 'unknown') throw new Error(`BUG: an unknown expression (${expression.kernelName})`);
  const layout: AnyLayout = LAYOUTS[expression.name];
  const properties: Readonly<Record<string, unknown>> = expression;
  const element = writer.beginNested(NFTA_LIST_ELEM);
  writer.text(NFTA_EXPR.NAME, layout.kernelName);
  const data = writer.beginNested(NFTA_EXPR.DATA);
  for (const constant of layout.constants ?? []) constant.write(writer, undefined, family);
  for (const [property, field] of Object.entries(layout.fields)) {
    field.write(writer, properties[property], family);
  }
  writer.endNested(data);
  writer.endNested(element);
}

/** From the attributes of such an element. Undefined for one that does nothing. Throws KernelError when malformed. */
export function decodeExpression(attributes: Attributes, family: TableFamily): Expression | undefined {
  const kernelName = text(attributes, NFTA_EXPR.NAME);
  const data = decodeAttributes(attributes.get(NFTA_EXPR.DATA) ?? new Uint8Array());
  if (kernelName === 'byteorder' && changesNothing(data)) return undefined;
  for (const candidate of NAMES) {
    const layout: AnyLayout = LAYOUTS[candidate];
    if (layout.kernelName !== kernelName) continue;
    const properties = decodeFields(layout, data, family);
    // Every property was read by the field that the table has for it.
    if (properties !== undefined) return { name: candidate, ...properties } as Expression;
  }
  return { name: 'unknown', kernelName };
}

/**
 * nft 1.0.6 turns round the bytes of `meta l4proto` in the keys of interval sets: pairs of bytes of a single byte, so
 * there are none.
 */
function changesNothing(data: Attributes): boolean {
  const isInPlace = u32(data, NFTA_BYTEORDER.SREG) === u32(data, NFTA_BYTEORDER.DREG);
  return isInPlace && u32(data, NFTA_BYTEORDER.LEN) < u32(data, NFTA_BYTEORDER.SIZE);
}

function decodeFields(
  layout: AnyLayout,
  data: Attributes,
  family: TableFamily,
): Readonly<Record<string, unknown>> | undefined {
  const properties: Record<string, unknown> = {};
  const rest = new Set(data.keys());
  for (const constant of layout.constants ?? []) {
    if (constant.read(data, family) === NO_WORD) return undefined;
    for (const type of constant.types) rest.delete(type);
  }
  for (const [property, field] of Object.entries(layout.fields)) {
    const value = field.read(data, family);
    if (value === NO_WORD) return undefined;
    properties[property] = value;
    for (const type of field.types) rest.delete(type);
  }
  // What is left says something that we have no word for.
  return rest.size === 0 ? properties : undefined;
}

/** What fast-check makes of the model. Only tests import this. */
import fc, { type Arbitrary } from 'fast-check';
import { parseElement } from '../families/nftables/element-text.ts';
import type {
  Chain,
  Datatype,
  Element,
  Expression,
  SetDeclaration,
  Verdict,
} from '../families/nftables/model.ts';

const octet = fc.nat(255);

const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));

/** Any bytes of an IPv6 address, often with groups of zeros. */
export const ipv6Groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });

/** In canonical form: the URL parser of the platform writes RFC 5952. */
const ipv6 = ipv6Groups.map((groups) =>
  new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1),
);

const FIELDS: Readonly<Record<Datatype, Arbitrary<string>>> = {
  ipv4_addr: ipv4,
  ipv6_addr: ipv6,
  inet_proto: fc.oneof(
    fc.constantFrom('tcp', 'udp', 'sctp'),
    fc
      .nat(255)
      .filter((number) => ![6, 17, 132].includes(number))
      .map(String),
  ),
  inet_service: fc.nat(0xffff).map(String),
  slot: fc.nat(0xffffffff).map(String),
  classid: fc
    .tuple(fc.nat(0xffff), fc.nat(0xffff))
    .map((halves) => halves.map((half) => half.toString(16)).join(':')),
};

/** Of one field. */
export const datatype: Arbitrary<Datatype> = fc.constantFrom(
  'ipv4_addr',
  'ipv6_addr',
  'inet_proto',
  'inet_service',
  'slot',
  'classid',
);

/** Values that registers have room for. */
export const datatypes = fc
  .array(datatype, { minLength: 1, maxLength: 5 })
  .filter((types) => types.filter((type) => type === 'ipv6_addr').length <= 3);

/** A value of these types, in text. */
export function value(types: readonly Datatype[]): Arbitrary<string> {
  return fc.tuple(...types.map((type) => FIELDS[type])).map((fields) => fields.join(' . '));
}

const identifier = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);

/** Also with what is no ASCII; as long as nft takes. */
export const comment = fc
  .oneof(
    fc.constant(''),
    fc.stringMatching(/^[ -!#-~]{1,128}$/),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  )
  .filter((text) => Buffer.byteLength(text) <= 128 && !text.includes('\0') && text.isWellFormed());

/** With names of chains that need not exist. */
export const verdict: Arbitrary<Verdict> = oneOf<Verdict>(
  fc.record({ verdict: fc.constantFrom('accept', 'drop', 'return') }),
  fc.record({ verdict: fc.constantFrom('jump', 'goto'), chain: identifier }),
);

/** As objects with the usual prototype. */
function oneOf<T extends object>(...some: readonly Arbitrary<T>[]): Arbitrary<T> {
  return fc.oneof(...some).map((object) => ({ ...object }));
}

const register = fc.nat(15);
const number = fc.nat(0xffffffff);
const data = fc
  .uint8Array({ minLength: 1, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const tableFamily = fc.constantFrom('ip', 'ip6');

/** All that can be said of rules; not all of it makes sense to the kernel. */
export const expression: Arbitrary<Expression> = oneOf<Expression>(
  fc.record({
    name: fc.constant('payload'),
    base: fc.constantFrom('network', 'transport'),
    offset: number,
    length: number,
    to: register,
  }),
  fc.record({
    name: fc.constant('meta'),
    key: fc.constantFrom('l4proto', 'mark', 'priority', 'iifname'),
    to: register,
  }),
  fc.record({ name: fc.constant('meta set'), key: fc.constantFrom('mark', 'priority'), from: register }),
  fc.record({
    name: fc.constant('ct'),
    key: fc.constantFrom('state', 'status', 'src', 'dst', 'proto-src', 'proto-dst'),
    direction: fc.constantFrom(undefined, 'original', 'reply'),
    to: register,
  }),
  fc.record({
    name: fc.constant('cmp'),
    operation: fc.constantFrom('eq', 'neq'),
    from: register,
    value: data,
  }),
  fc.record({ name: fc.constant('bitwise'), from: register, to: register, mask: data, xor: data }),
  fc.record({
    name: fc.constant('lookup'),
    set: identifier,
    from: register,
    to: fc.oneof(register, fc.constantFrom(undefined, 'verdict')),
    inverted: fc.boolean(),
  }),
  fc.record({ name: fc.constant('immediate'), verdict }),
  fc.record({ name: fc.constant('immediate value'), to: register, value: data }),
  fc.record({ name: fc.constant('numgen'), modulus: number, offset: number, to: register }),
  fc.record({ name: fc.constant('dnat'), family: tableFamily, address: register, port: register }),
  fc.record({ name: fc.constant('dnat address'), family: tableFamily, address: register }),
  fc.constant({ name: 'reset' } as const),
  fc.record({ name: fc.constant('masquerade'), fullyRandom: fc.boolean() }),
  fc.record({ name: fc.constant('reject'), with: fc.constant('port-unreachable') }),
  fc.record({ name: fc.constant('fib type'), of: fc.constantFrom('saddr', 'daddr'), to: register }),
  fc.record({
    name: fc.constant('update'),
    set: identifier,
    key: register,
    data: register,
    timeoutMs: fc.nat(Number.MAX_SAFE_INTEGER),
  }),
);

/** Without rules. */
export const chain: Arbitrary<Chain> = fc.record({
  name: identifier,
  hook: fc.option(
    fc.record({
      type: fc.constantFrom('filter', 'nat'),
      hook: fc.constantFrom('prerouting', 'input', 'forward', 'output', 'postrouting'),
      priority: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    }),
    { nil: undefined },
  ),
  comment,
  rules: fc.constant([]),
});

/** A set or map that nft could declare. */
export const set: Arbitrary<SetDeclaration> = fc
  .record({
    name: identifier,
    key: datatypes,
    data: fc.oneof(fc.constantFrom(undefined, 'verdict' as const), datatypes),
    interval: fc.boolean(),
    dynamic: fc.boolean(),
    size: fc.oneof(fc.constant(0), number),
    comment: fc.constantFrom('', 'a comment'),
  })
  .filter(({ interval, key }) => !interval || (key.at(-1) !== 'slot' && key.at(-1) !== 'classid'))
  .filter(isDeclarable);

/** What nft keeps with a set whose fields have no type names needs so much room that there can't be many. */
function isDeclarable({ key, data }: SetDeclaration): boolean {
  const fields = [...key, ...(data === undefined || data === 'verdict' ? [] : data)];
  return !fields.includes('slot') || fields.length <= 6;
}

/** A set and some of its elements, each with a key of its own. */
export const setWithElements: Arbitrary<readonly [SetDeclaration, readonly Element[]]> = set
  .map((declaration) => ({ ...declaration, interval: false }))
  .chain((declaration) =>
    fc.tuple(
      fc.constant(declaration),
      fc.uniqueArray(elementOf(declaration), { selector: ({ key }) => key, maxLength: 20 }),
    ),
  );

function elementOf(set: SetDeclaration): Arbitrary<Element> {
  return fc
    .tuple(value(set.key), dataOf(set.data), comment)
    .map(([key, data, comment]) => parseElement(set, key, data, comment));
}

function dataOf(types: SetDeclaration['data']): Arbitrary<string | undefined> {
  if (types === undefined) return fc.constant(undefined);
  return types === 'verdict' ? fc.constantFrom('drop', 'accept', 'goto pick-3', 'jump x') : value(types);
}

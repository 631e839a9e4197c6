/** A table with everything that the nf_tables library has a word for. */
import {
  type Bytes,
  type Chain,
  type Datatype,
  type Element,
  type Expression,
  type Hook,
  parseElement,
  type Rule,
  type SetDeclaration,
  type TableContent,
  type TableFamily,
  type Transaction,
  type Verdict,
} from '@menwei/netlink/nftables';

interface FamilyFacts {
  readonly address: Datatype;
  readonly words: number;
  readonly saddr: number;
  readonly daddr: number;
  readonly length: number;
  readonly service: string;
  readonly endpoint: string;
  readonly cidr: string;
  readonly source: string;
  readonly lastCidr: string;
}

const FACTS: Readonly<Record<TableFamily, FamilyFacts>> = {
  ip: {
    address: 'ipv4_addr',
    words: 1,
    saddr: 12,
    daddr: 16,
    length: 4,
    service: '10.96.0.1',
    endpoint: '10.0.0.1',
    cidr: '10.96.0.0/12',
    source: '203.0.113.0/25',
    lastCidr: '255.0.0.0/8',
  },
  ip6: {
    address: 'ipv6_addr',
    words: 4,
    saddr: 8,
    daddr: 24,
    length: 16,
    service: 'fd00:10:96::1',
    endpoint: 'fd00:10::1',
    cidr: 'fd00:10:96::/112',
    source: '2001:db8::/33',
    lastCidr: 'ffff::/16',
  },
};

/** The rules that nft has no bug with, unless `withRemembering`: nft 1.0.6 lists, but can't read, that one for IPv6. */
export function everything(family: TableFamily, withRemembering = true): TableContent {
  const facts = FACTS[family];
  const sets = setsOf(facts);
  return {
    table: { family, name: 'menwei', comment: 'all that there is' },
    chains: byName(chainsOf(family, facts, withRemembering)),
    sets: byName(sets.map(([set]) => set)),
    elements: new Map(
      sets
        .filter(([set]) => !set.dynamic)
        .map(([set, texts]) => [set.name, new Map(texts.map((text) => entryOf(set, text)))]),
    ),
  };
}

/** With the elements in maps, however they are kept. */
export function withMaps(content: TableContent): TableContent {
  const elements = Array.from(content.elements, ([set, all]) => [set, new Map(all)] as const);
  return { ...content, elements: new Map(elements) };
}

/** Makes the table of nothing. */
export function creation({ table, chains, sets, elements }: TableContent): Transaction {
  return [
    { do: 'add table', table },
    ...[...sets.values()].map((set) => ({ do: 'add set', set }) as const),
    ...[...chains.values()].map((chain) => ({ do: 'add chain', chain }) as const),
    ...[...chains.values()].flatMap(({ name, rules }) =>
      rules.map((rule) => ({ do: 'add rule', chain: name, rule }) as const),
    ),
    ...[...sets.values()].map(
      (set) =>
        ({ do: 'add elements', set, elements: [...(elements.get(set.name)?.values() ?? [])] }) as const,
    ),
  ];
}

function byName<T extends { readonly name: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.name, each]));
}

function setsOf(facts: FamilyFacts): readonly (readonly [SetDeclaration, readonly ElementText[]])[] {
  const { address, service, endpoint, cidr, source, lastCidr } = facts;
  const frontend: readonly Datatype[] = [address, 'inet_proto', 'inet_service'];
  const target: readonly Datatype[] = [address, 'inet_service'];
  return [
    [set('cluster-ips', [address], { comment: 'ClusterIPs in use' }), [element(service, 'ns/web')]],
    [set('protocols', ['inet_proto']), [element('sctp'), element('255')]],
    [set('ports', ['inet_service'], { interval: true }), [element('80-90', 'some'), element('65000-65535')]],
    [
      set('cidrs', [address], { interval: true, comment: 'CIDRs of ClusterIPs' }),
      [element(cidr, 'ours'), element(lastCidr, 'the last')],
    ],
    [set('slots', ['slot'], { size: 1000 }), [element('7')]],
    [set('firewall-ips', frontend), [element(`${service} . tcp . 80`)]],
    [
      set('source-ranges', [...frontend, address], { interval: true }),
      [
        element(`${service} . tcp . 80 . ${source}`, 'ns/web'),
        element(`${service} . tcp . 81 . ${endpoint}`),
      ],
    ],
    [
      set('service-ips', frontend, { data: 'verdict' }),
      [
        element(`${service} . tcp . 80`, 'ns/web', 'goto pick-3'),
        element(`${service} . udp . 53`, 'ns/dns', 'jump pick-3'),
        element(`${service} . sctp . 99`, '', 'drop'),
        element(`${service} . 47 . 0`, '', 'accept'),
        element(`${service} . tcp . 81`, '', 'return'),
      ],
    ],
    [
      set('endpoints', [...frontend, 'slot'], { data: target }),
      [element(`${service} . tcp . 80 . 2`, 'ns/web', `${endpoint} . 8080`)],
    ],
    [
      set('nodeport-endpoints', ['inet_proto', 'inet_service', 'slot'], { data: target, comment: 'slots' }),
      [element('tcp . 30080 . 1000001', 'ns/web: größer', `${endpoint} . 8080`)],
    ],
    [set('slot-verdicts', [address, 'slot'], { data: 'verdict' }), [element(`${service} . 1`, '', 'drop')]],
    [set('first-endpoint', ['slot'], { data: [address] }), [element('0', '', endpoint)]],
    [set('port-protocols', ['inet_service'], { data: ['inet_proto'] }), [element('80', '', 'tcp')]],
    [
      set('cidr-ports', [address], { data: ['inet_service'], interval: true }),
      [element(cidr, 'ours', '80'), element(lastCidr, '', '81')],
    ],
    [
      set('numbers', frontend, { data: ['classid'] }),
      [element(`${service} . tcp . 80`, 'ns/web', '170:3'), element(`${service} . tcp . 81`, '', 'ffff:0')],
    ],
    [
      set('verdicts', ['classid'], { data: 'verdict' }),
      [element('170:3', '', 'goto pick-3'), element('0:1', 'no', 'drop')],
    ],
    [set('slot-numbers', [address, 'slot'], { data: ['classid'] }), [element(`${service} . 1`, '', '70:3')]],
    [set('affinity', [address, ...frontend], { data: target, dynamic: true, size: 1_000_000 }), []],
    [
      set('affinity-pairs', [...frontend, ...target], { data: 'verdict' }),
      [element(`${service} . tcp . 80 . ${endpoint} . 8080`, 'ns/web', 'goto remember-10800')],
    ],
  ];
}

function set(name: string, key: readonly Datatype[], more: Partial<SetDeclaration> = {}): SetDeclaration {
  return { name, key, data: undefined, interval: false, dynamic: false, size: 0, comment: '', ...more };
}

/** In nft's words. */
interface ElementText {
  readonly key: string;
  readonly comment: string;
  readonly data: string | undefined;
}

function element(key: string, comment = '', data?: string): ElementText {
  return { key, comment, data };
}

function entryOf(set: SetDeclaration, { key, data, comment }: ElementText): readonly [Bytes, Element] {
  const element = parseElement(set, key, data, comment);
  return [element.key, element];
}

function chainsOf(family: TableFamily, facts: FamilyFacts, withRemembering: boolean): readonly Chain[] {
  const fields = fieldsOf(facts);
  const remembering = withRemembering ? [rule(remember(facts))] : [];
  return [
    chain('pick-3', undefined, [rule(dnatBy(family, facts, 'endpoints', 3, 0))], 'three endpoints'),
    chain('local-2', undefined, [rule(dnatBy(family, facts, 'endpoints', 2, 1_000_000))]),
    chain('remember-10800', undefined, remembering),
    chain('prerouting', { type: 'nat', hook: 'prerouting', priority: -110 }, [
      rule([...bits({ name: 'meta', key: 'mark', to: 0 }, '00400000'), verdict({ verdict: 'return' })]),
      rule([fib('daddr'), cmp('eq', '02000000'), verdict({ verdict: 'jump', chain: 'pick-3' })]),
      rule([...fields.frontend, lookup('service-ips', { to: 'verdict' })], 'services'),
      rule([
        ...fields.frontend,
        lookup('numbers', { to: 0 }),
        { name: 'meta set', key: 'priority', from: 0 },
        { name: 'meta', key: 'priority', to: 0 },
        lookup('verdicts', { to: 'verdict' }),
      ]),
      rule([
        { name: 'immediate value', to: 0, value: '00000000' },
        { name: 'meta set', key: 'priority', from: 0 },
      ]),
    ]),
    chain('input', { type: 'filter', hook: 'input', priority: 0 }, [
      rule([fib('saddr'), cmp('eq', '02000000'), verdict({ verdict: 'accept' })]),
      rule([iifname, cmp('eq', '62723000000000000000000000000000'), verdict({ verdict: 'drop' })]),
      rule([iifname, cmp('neq', '62723000000000000000000000000000'), verdict({ verdict: 'drop' })]),
      rule([iifname, cmp('eq', '76657468'), verdict({ verdict: 'drop' })]),
      rule([iifname, cmp('neq', '76657468'), verdict({ verdict: 'drop' })]),
      rule([payload(facts.saddr, 1, 0), cmp('neq', '0a'), verdict({ verdict: 'drop' })]),
    ]),
    chain(
      'forward',
      { type: 'filter', hook: 'forward', priority: 0 },
      [
        rule([
          ...bits(ct('state'), '08000000'),
          ...bits(ct('status'), '20000000'),
          { name: 'reject', with: 'port-unreachable' },
        ]),
        rule([fields.daddr, lookup('cidrs'), verdict({ verdict: 'drop' })]),
        rule([fields.daddr, lookup('cidrs', { inverted: true }), verdict({ verdict: 'accept' })]),
        rule([
          ...fields.frontend,
          payload(facts.saddr, facts.length, facts.words + 2),
          lookup('source-ranges', { inverted: true }),
          verdict({ verdict: 'drop' }),
        ]),
      ],
      'what goes through',
    ),
    chain('output', { type: 'filter', hook: 'output', priority: -100 }, [
      rule([
        { name: 'meta', key: 'mark', to: 0 },
        bitwise('ffbfffff', '00400000'),
        { name: 'meta set', key: 'mark', from: 0 },
      ]),
      rule([
        { name: 'meta', key: 'mark', to: 0 },
        bitwise('ffffffff', '00400000'),
        { name: 'meta set', key: 'mark', from: 0 },
      ]),
    ]),
    chain('postrouting', { type: 'nat', hook: 'postrouting', priority: 100 }, [
      rule([{ name: 'masquerade', fullyRandom: true }], 'hide the client'),
      rule([{ name: 'masquerade', fullyRandom: false }]),
      rule([verdict({ verdict: 'goto', chain: 'empty' })]),
    ]),
    chain('empty', undefined, []),
  ];
}

function chain(name: string, hook: Hook | undefined, rules: readonly Rule[], comment = ''): Chain {
  return { name, hook, rules, comment };
}

function rule(expressions: readonly Expression[], comment = ''): Rule {
  return { expressions, comment };
}

const iifname: Expression = { name: 'meta', key: 'iifname', to: 0 };

function payload(offset: number, length: number, to: number): Expression {
  return { name: 'payload', base: 'network', offset, length, to };
}

function ct(key: 'state' | 'status'): Expression {
  return { name: 'ct', key, direction: undefined, to: 0 };
}

function fib(of: 'saddr' | 'daddr'): Expression {
  return { name: 'fib type', of, to: 0 };
}

function cmp(operation: 'eq' | 'neq', value: string): Expression {
  return { name: 'cmp', operation, from: 0, value };
}

function bitwise(mask: string, xor: string): Expression {
  return { name: 'bitwise', from: 0, to: 0, mask, xor };
}

function bits(load: Expression, mask: string): readonly Expression[] {
  return [load, bitwise(mask, '00000000'), cmp('neq', '00000000')];
}

function verdict(which: Verdict): Expression {
  return { name: 'immediate', verdict: which };
}

function lookup(
  name: string,
  { to, inverted = false }: { readonly to?: number | 'verdict'; readonly inverted?: boolean } = {},
): Expression {
  return { name: 'lookup', set: name, from: 0, to, inverted };
}

function fieldsOf({ daddr, length, words }: FamilyFacts): {
  readonly daddr: Expression;
  readonly frontend: readonly Expression[];
} {
  const load = payload(daddr, length, 0);
  return {
    daddr: load,
    frontend: [
      load,
      { name: 'meta', key: 'l4proto', to: words },
      { name: 'payload', base: 'transport', offset: 2, length: 2, to: words + 1 },
    ],
  };
}

function dnatBy(
  family: TableFamily,
  facts: FamilyFacts,
  map: string,
  modulus: number,
  offset: number,
): readonly Expression[] {
  return [
    ...fieldsOf(facts).frontend,
    { name: 'numgen', modulus, offset, to: facts.words + 2 },
    lookup(map, { to: 0 }),
    { name: 'dnat', family, address: 0, port: facts.words },
  ];
}

/** `meta l4proto tcp update @affinity { … }`: nft takes the ports of a connection only after a match on the protocol. */
function remember({ saddr, length, words }: FamilyFacts): readonly Expression[] {
  const data = 2 * words + 2;
  return [
    { name: 'meta', key: 'l4proto', to: 0 },
    cmp('eq', '06'),
    payload(saddr, length, 0),
    { name: 'ct', key: 'dst', direction: 'original', to: words },
    { name: 'meta', key: 'l4proto', to: 2 * words },
    { name: 'ct', key: 'proto-dst', direction: 'original', to: 2 * words + 1 },
    { name: 'ct', key: 'src', direction: 'reply', to: data },
    { name: 'ct', key: 'proto-src', direction: 'reply', to: data + words },
    { name: 'update', set: 'affinity', key: 0, data, timeoutMs: 10_800_000 },
  ];
}

import {
  address,
  connectionAddress,
  connectionPort,
  PORT,
  PROTOCOL,
  randomSlot,
} from '@menwei/netfilter/nft/field.ts';
import {
  DROP,
  dnatTo,
  dnatToAddress,
  flipMark,
  fromInterface,
  goTo,
  hasMark,
  IS_NEW,
  IS_TRANSLATED,
  inCidr,
  inSet,
  isEchoRequest,
  isLocalAddress,
  isProtocol,
  MASQUERADE,
  REFUSE,
  RESET,
  rule,
  type Statement,
  setMark,
  update,
  verdictOf,
} from '@menwei/netfilter/nft/statement.ts';
import { nftablesHooks } from '@menwei/netfilter/trace/nftables/hooks.ts';
import { clientName } from '@menwei/netfilter/trace/nftables/instructions.ts';
import type { Machine, Memory, Packet } from '@menwei/netfilter/trace/packet.ts';
import { describeWays, type Hook, trace, type Way } from '@menwei/netfilter/trace/trace.ts';
import {
  type Bytes,
  type Chain,
  type Hook as ChainHook,
  type Element,
  type Expression,
  parseElement,
  type SetDeclaration,
  type TableContent,
} from '@menwei/netlink/nftables';
import { describe, expect, it } from 'vitest';
import { fromNode, invalid, passing, toNode, withinNode } from '../sample-packets.ts';

const MACHINE: Machine = { addresses: ['192.168.0.2', '2001:db8:1::2'] };

const v6: Packet = { ...passing, source: '2001:db8::5', destination: 'fd00:30::1' };

const DADDR = address('IPv4', 'daddr');
const SADDR = address('IPv4', 'saddr');

/** A chain on a hook: `filter forward 0`; without numbers, on none. */
function chain(name: string, ...rules: readonly (readonly Statement[])[]): Chain {
  const [, type, hook, priority] = /^(filter|nat) (\w+) (-?\d+)$/.exec(name) ?? [];
  return {
    name,
    hook: isType(type) && isHook(hook) ? { type, hook, priority: Number(priority) } : undefined,
    comment: '',
    rules: rules.map((statements) => rule(statements)),
  };
}

function isType(text: string | undefined): text is ChainHook['type'] {
  return text === 'filter' || text === 'nat';
}

function isHook(text: string | undefined): text is Hook {
  return text !== undefined && ['prerouting', 'input', 'forward', 'output', 'postrouting'].includes(text);
}

function set(name: string, fields: Partial<SetDeclaration>): SetDeclaration {
  return { name, key: [], data: undefined, interval: false, dynamic: false, size: 0, comment: '', ...fields };
}

const SETS: readonly SetDeclaration[] = [
  set('ips', { key: ['ipv4_addr'] }),
  set('ranges', { key: ['inet_service', 'ipv4_addr'], interval: true }),
  set('doors', { key: ['ipv4_addr', 'inet_proto', 'inet_service'], data: 'verdict' }),
  set('seats', { key: ['slot'], data: ['ipv4_addr', 'inet_service'] }),
  set('clients', { key: ['ipv4_addr'], data: ['ipv4_addr', 'inet_service'], dynamic: true }),
];

/** `10.0.0.1` of a set, `10.0.0.1 . tcp . 80 : drop` of a map. */
function elementsOf(name: string, texts: readonly string[]): ReadonlyMap<Bytes, Element> {
  const declaration = SETS.find((each) => each.name === name) ?? set(name, {});
  return new Map(
    texts.map((text) => {
      const [key = '', data] = text.split(' : ');
      const element = parseElement(declaration, key, data);
      return [element.key, element];
    }),
  );
}

interface Given {
  readonly elements?: Readonly<Record<string, readonly string[]>>;
  readonly machine?: Machine;
}

function waysOf(packet: Packet, chains: readonly Chain[], given: Given = {}): readonly Way[] {
  const table: TableContent = {
    table: { family: 'ip', name: 'test', comment: '' },
    chains: new Map(chains.map((each) => [each.name, each])),
    sets: new Map(SETS.map((each) => [each.name, each])),
    elements: new Map(
      Object.entries(given.elements ?? {}).map(([name, texts]) => [name, elementsOf(name, texts)]),
    ),
  };
  return trace(nftablesHooks(table), packet, given.machine ?? MACHINE);
}

const end = (packet: Packet, chains: readonly Chain[], given?: Given) =>
  describeWays(waysOf(packet, chains, given));

describe('hooks', () => {
  const all = [
    'filter prerouting -110',
    'nat prerouting -100',
    'filter input 0',
    'filter forward 0',
    'filter output 0',
    'nat output -100',
    'filter output -110',
    'nat postrouting 100',
  ].map((name) => chain(name, [setMark(1)]));

  it.each<[string, Packet, string]>([
    [
      'what passes through',
      passing,
      'filter prerouting -110, nat prerouting -100, filter forward 0, nat postrouting 100',
    ],
    ['what is for the node', toNode, 'filter prerouting -110, nat prerouting -100, filter input 0'],
    [
      'what the node sends',
      fromNode,
      'filter output -110, nat output -100, filter output 0, nat postrouting 100',
    ],
    [
      'what the node sends itself',
      withinNode,
      'filter output -110, nat output -100, filter output 0, nat postrouting 100, filter prerouting -110, filter input 0',
    ],
    ['what conntrack can’t place', invalid, 'filter prerouting -110, filter forward 0'],
  ])('%s', (_name, packet, hooks) => {
    const [way] = waysOf(packet, all);
    expect(way?.steps.map((step) => step.slice(0, step.indexOf(':'))).join(', ')).toBe(hooks);
  });

  it('are chosen by the translated destination', () => {
    const closed = chain('filter input 0', [DROP]);
    const dnat = chain('nat prerouting -100', [dnatTo('IPv4', [randomSlot(1)], 'seats')]);
    const to = (endpoint: string) => ({ elements: { seats: [`0 : ${endpoint}`] } });
    expect(end(passing, [dnat, closed], to('192.168.0.2 . 8080'))).toBe('DROP');
    expect(end(toNode, [dnat, closed], to('10.0.0.1 . 8080'))).toBe('10.0.0.1:8080');
  });

  it('let a packet that one chain accepts meet the next one', () => {
    const accepts = chain('filter forward -5', [MASQUERADE]);
    expect(end(passing, [accepts, chain('filter forward 5', [DROP])])).toBe('DROP');
  });
});

describe('statements', () => {
  const rows: readonly (readonly [Statement, Packet, isMet: boolean])[] = [
    [isProtocol('TCP'), passing, true],
    [isProtocol('UDP'), passing, false],
    [isProtocol('SCTP'), { ...passing, protocol: 'SCTP' }, true],
    [inCidr('IPv4', 'daddr', '172.30.0.1/32'), passing, true],
    [inCidr('IPv4', 'daddr', '172.30.0.2/32'), passing, false],
    [inCidr('IPv4', 'daddr', '172.30.0.0/16'), passing, true],
    [inCidr('IPv4', 'daddr', '172.31.0.0/16'), passing, false],
    [inCidr('IPv4', 'daddr', '172.30.0.0/16', true), passing, false],
    [inCidr('IPv4', 'saddr', '203.0.113.4/30'), passing, true],
    [inCidr('IPv4', 'saddr', '203.0.113.8/30'), passing, false],
    [inCidr('IPv4', 'saddr', '0.0.0.0/0'), passing, true],
    [inCidr('IPv6', 'saddr', '2001:db8::/57'), v6, true],
    [inCidr('IPv6', 'saddr', '2001:db8:0:80::/57'), v6, false],
    [inCidr('IPv6', 'daddr', 'fd00:30::/64'), v6, true],
    [inCidr('IPv6', 'daddr', 'fd00:30::1/128', true), v6, false],
    [fromInterface('eth0', false), passing, true],
    [fromInterface('eth', false), passing, false],
    [fromInterface('eth', true), passing, true],
    [fromInterface('eth', true, true), passing, false],
    [fromInterface('eth1', true), passing, false],
    [fromInterface('eth', true), fromNode, false],
    [fromInterface('eth0', false, true), fromNode, true],
    [isLocalAddress('daddr'), passing, false],
    [isLocalAddress('daddr'), toNode, true],
    [isLocalAddress('daddr'), { ...fromNode, destination: '127.0.0.9' }, true],
    [isLocalAddress('saddr'), passing, false],
    [isLocalAddress('saddr'), fromNode, true],
    [IS_NEW, passing, true],
    [IS_NEW, invalid, false],
    [IS_TRANSLATED, passing, false],
    [IS_TRANSLATED, invalid, false],
    [hasMark(0x4000), passing, false],
    [inSet([DADDR], 'ips'), passing, true],
    [inSet([SADDR], 'ips'), passing, false],
    [inSet([DADDR], 'ips', true), passing, false],
    [inSet([SADDR], 'ips', true), passing, true],
    [inSet([PORT, SADDR], 'ranges'), passing, true],
    [inSet([PORT, SADDR], 'ranges'), { ...passing, source: '203.0.113.128' }, false],
    [inSet([PORT, SADDR], 'ranges'), { ...passing, source: '198.51.100.7' }, true],
    [inSet([PORT, SADDR], 'ranges'), { ...passing, destinationPort: 81 }, false],
    [verdictOf([DADDR, PROTOCOL, PORT], 'doors'), passing, false],
    [verdictOf([DADDR, PROTOCOL, PORT], 'doors'), { ...passing, destinationPort: 81 }, true],
  ];
  it.each(rows.map((row) => [row[0].text, ...row] as const))('%s', (_text, condition, packet, isMet) => {
    const hooks = ['filter forward 0', 'filter input 0', 'filter output 0'];
    const elements = {
      ips: ['172.30.0.1'],
      ranges: ['80 . 203.0.113.0/25', '80 . 198.51.100.7'],
      doors: ['172.30.0.1 . tcp . 81 : drop'],
    };
    const closed = hooks.map((hook) => chain(hook, [condition, DROP]));
    expect(end(packet, closed, { elements })).toBe(isMet ? 'DROP' : 'untouched');
  });

  it('tell an echo request', () => {
    for (const [family, packet] of [
      ['IPv4', passing],
      ['IPv6', v6],
    ] as const) {
      const closed = [chain('filter forward 0', [isEchoRequest(family), DROP])];
      expect([end({ ...packet, protocol: 'ICMP' }, closed), end(packet, closed)]).toEqual([
        'DROP',
        'untouched',
      ]);
    }
  });

  it('reset TCP alone', () => {
    const closed = [chain('filter forward 0', [RESET])];
    expect(end(passing, closed)).toBe('REJECT');
    expect(end({ ...passing, protocol: 'UDP' }, closed)).toBe('untouched');
  });

  it('lead to an address, with the port as it is', () => {
    const leading = [chain('nat prerouting -100', [dnatToAddress('IPv4', '10.0.0.1')])];
    expect(end(passing, leading)).toBe('10.0.0.1:80');
  });

  it('see what was done to the packet before', () => {
    const chains = [
      chain('nat prerouting -100', [setMark(0x4000)], [dnatTo('IPv4', [randomSlot(1)], 'seats')]),
      chain('filter forward 0', [IS_TRANSLATED, inCidr('IPv4', 'daddr', '172.30.0.1/32'), DROP]),
      chain('nat postrouting 100', [hasMark(0x4000), flipMark(0x4000), MASQUERADE]),
    ];
    const elements = { seats: ['0 : 10.0.0.1 . 8080'] };
    expect(end(passing, chains, { elements })).toBe('10.0.0.1:8080*');
    const chosen = [connectionAddress('IPv4', 'reply', 'saddr')];
    const asked = [connectionAddress('IPv4', 'original', 'daddr')];
    const closed = (fields: typeof chosen, ip: string) =>
      end(passing, [...chains, chain('filter forward 1', [inSet(fields, 'ips'), DROP])], {
        elements: { ...elements, ips: [ip] },
      });
    expect([closed(chosen, '10.0.0.1'), closed(asked, '172.30.0.1')]).toEqual(['DROP', 'DROP']);
    expect([closed(asked, '10.0.0.1'), closed(chosen, '172.30.0.1')]).not.toContain('DROP');
  });
});

describe('chance', () => {
  it('gives every number its share, and nobody an endpoint whose slot is empty', () => {
    const dnat = chain('nat prerouting -100', [dnatTo('IPv4', [randomSlot(3, 1000)], 'seats')]);
    const elements = { seats: ['1000 : 10.0.0.1 . 80', '1002 : 10.0.0.3 . 80', '3 : 10.0.0.9 . 80'] };
    const ways = waysOf(passing, [dnat], { elements });
    expect(describeWays(ways)).toBe('10.0.0.1:80 10.0.0.3:80 untouched');
    expect(ways.map(({ chance }) => chance)).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });
});

describe('what rules remember', () => {
  const dnat = chain(
    'nat prerouting -100',
    [dnatTo('IPv4', [SADDR], 'clients')],
    [dnatTo('IPv4', [randomSlot(2)], 'seats')],
  );
  const chosen = [connectionAddress('IPv4', 'reply', 'saddr'), connectionPort('reply', 'src')];
  const noting = chain('filter forward 0', [IS_TRANSLATED, update('clients', [SADDR], chosen, 60)]);
  const elements = { seats: ['0 : 10.0.0.1 . 80', '1 : 10.0.0.2 . 80'] };
  const at = (atSeconds: number, memory: Memory = new Map()) =>
    waysOf(passing, [dnat, noting], { elements, machine: { ...MACHINE, memory, atSeconds } });
  const entryOf = (way: Way | undefined) => way?.memory.get(clientName('clients', passing.source));

  it('is there the next time, until its time is over', () => {
    const [, second] = at(0);
    expect(entryOf(second)).toEqual({ data: '10.0.0.2 . 80', sinceSeconds: 0, forSeconds: 60 });
    expect(describeWays(at(59, second?.memory))).toBe('10.0.0.2:80');
    expect(describeWays(at(60, second?.memory))).toBe('10.0.0.1:80 10.0.0.2:80');
  });

  it('is renewed with what it says, even if that is no longer so', () => {
    const memo = { data: '10.0.0.9 . 80', sinceSeconds: 0, forSeconds: 60 };
    const [again] = at(50, new Map([[clientName('clients', passing.source), memo]]));
    expect(entryOf(again)).toEqual({ ...memo, sinceSeconds: 50 });
  });
});

describe('chains', () => {
  const jump = (name: string): Statement => ({
    text: `jump ${name}`,
    expressions: [{ name: 'immediate', verdict: { verdict: 'jump', chain: name } }],
  });
  const RETURN: Statement = {
    text: 'return',
    expressions: [{ name: 'immediate', verdict: { verdict: 'return' } }],
  };

  it.each<[string, readonly Chain[], string]>([
    [
      'go on behind a jump that returns',
      [chain('filter forward 0', [jump('a')], [DROP]), chain('a', [RETURN], [REFUSE])],
      'DROP',
    ],
    [
      'do not go on behind goto',
      [chain('filter forward 0', [goTo('a')], [DROP]), chain('a', [RETURN])],
      'untouched',
    ],
    [
      'go on behind a jump that goes to one that returns',
      [chain('filter forward 0', [jump('a')], [DROP]), chain('a', [goTo('b')], [REFUSE]), chain('b')],
      'DROP',
    ],
    [
      'end with what refuses',
      [chain('filter forward 0', [goTo('a')]), chain('a', [REFUSE], [DROP])],
      'REJECT',
    ],
  ])('%s', (_name, chains, expected) => {
    expect(end(passing, chains)).toBe(expected);
  });

  it.each<[string, Statement, string]>([
    ['chains that are not there', goTo('lost'), 'there is no chain lost'],
    ['sets that are not there', inSet([DADDR], 'lost'), 'there is no set lost'],
    ['fewer fields than the set has', inSet([DADDR], 'doors'), 'register 1 has no value'],
    ['fields of other types', inSet([DADDR, SADDR], 'ranges'), 'ac1e0001 is no inet_service'],
    [
      'what they have not read',
      statementOf({ name: 'cmp', operation: 'eq', from: 3, value: '00' }),
      'register 3',
    ],
    ['instructions without a word', statementOf({ name: 'unknown', kernelName: 'osf' }), 'osf'],
    [
      'what is not in our headers',
      statementOf({ name: 'payload', base: 'network', offset: 8, length: 1, to: 0 }),
      'nothing is known of bytes 8+1',
    ],
  ])('must not speak of %s', (_name, statement, message) => {
    expect(() => end(passing, [chain('filter forward 0', [statement])])).toThrow(message);
  });
});

function statementOf(expression: Expression): Statement {
  return { text: expression.name, expressions: [expression] };
}

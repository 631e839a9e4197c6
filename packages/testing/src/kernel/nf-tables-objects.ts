/** What the suite of nf-tables-laws.ts fills tables with. Only tests import this file. */
import {
  type Bytes,
  type Chain,
  type Element,
  type Expression,
  type Hook,
  type Operation,
  parseElement,
  parseKey,
  type SetDeclaration,
  type TableFamily,
} from '@menwei/netlink/nftables';

export function chain(name: string, hook?: Hook): Chain {
  return { name, hook, comment: '', rules: [] };
}

export function hook(type: Hook['type'], at: Hook['hook']): Hook {
  return { type, hook: at, priority: 0 };
}

export function setOf(
  name: string,
  key: SetDeclaration['key'],
  more: Partial<SetDeclaration> = {},
): SetDeclaration {
  return { name, key, data: undefined, interval: false, dynamic: false, size: 0, comment: '', ...more };
}

/** With key and data in nft's words, of which {@link add} makes what the set has. */
export interface ElementText {
  readonly key: string;
  readonly data: string | undefined;
  readonly comment: string;
}

export function element(key: string, data?: string, comment = ''): ElementText {
  return { key, data, comment };
}

/** As the set has it. */
export function elementOf(set: SetDeclaration, { key, data, comment }: ElementText): Element {
  return parseElement(set, key, data, comment);
}

/** By its key. */
export function entryOf(set: SetDeclaration, text: ElementText): readonly [Bytes, Element] {
  const element = elementOf(set, text);
  return [element.key, element];
}

export function addRule(chain: string, ...expressions: readonly Expression[]): Operation {
  return { do: 'add rule', chain, rule: { expressions, comment: '' } };
}

export function goTo(chain: string): Expression {
  return { name: 'immediate', verdict: { verdict: 'goto', chain } };
}

export const REFUSE: Expression = { name: 'reject', with: 'port-unreachable' };
export const MASQUERADE: Expression = { name: 'masquerade', fullyRandom: true };
export const PROTOCOL: Expression = { name: 'meta', key: 'l4proto', to: 0 };

export function lookup(set: string, to: Extract<Expression, { name: 'lookup' }>['to']): Expression {
  return { name: 'lookup', set, from: 0, to, inverted: false };
}

export const PORTS = setOf('ports', ['inet_service'], { data: 'verdict', comment: 'where ports lead' });
export const PROTOCOLS = setOf('protocols', ['inet_proto']);
export const NUMBERS = setOf('numbers', ['inet_proto', 'slot'], { data: ['inet_service'] });

export function add(set: SetDeclaration, ...texts: readonly ElementText[]): Operation {
  return { do: 'add elements', set, elements: texts.map((text) => elementOf(set, text)) };
}

export function remove(set: SetDeclaration, ...keys: readonly string[]): Operation {
  const elements = keys.map((key) => ({ key: parseKey(set, key), data: undefined, comment: '' }));
  return { do: 'delete elements', set, elements };
}

/** Two addresses, a range with another in it, and the range that ends with the last address there is. */
export const VALUES = {
  ip: { a: '10.0.0.1', b: '10.0.0.2', net: '10.96.0.0/12', inner: '10.96.0.0/16', last: '255.255.255.0/24' },
  ip6: { a: 'fd00::1', b: 'fd00::2', net: 'fd96::/16', inner: 'fd96::/32', last: 'ff00::/8' },
} as const;

export function setsOf(family: TableFamily) {
  const address = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  return {
    ADDRESSES: setOf('addresses', [address]),
    NETS: setOf('nets', [address], { interval: true }),
    SOURCES: setOf('sources', [address, 'inet_service', address], { interval: true }),
    CLIENTS: setOf('clients', [address], { data: ['inet_service'], dynamic: true, size: 1000 }),
  };
}

/** Statements as `nft -j` prints them (libnftables-json(5)), made into those of statement.ts. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import {
  ADDRESS_LENGTH,
  address,
  connectionAddress,
  connectionPort,
  type Fields,
  KEYWORD,
  NUMBER,
  PORT,
  PROTOCOL,
  randomSlot,
} from './field.ts';
import {
  DROP,
  dnatTo,
  dnatToAddress,
  FORGET_NUMBER,
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
  keepNumber,
  MASQUERADE,
  PROTOCOLS,
  REFUSE,
  RESET,
  type Statement,
  setMark,
  update,
  verdictOf,
} from './statement.ts';

type Properties = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at the end of a path of properties; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** What there is no word for becomes an instruction that equals none. */
export function parseStatement(json: unknown, family: IpFamily): Statement {
  const [kind = 'nothing'] = typeof json === 'string' ? [json] : Object.keys(isRecord(json) ? json : {});
  return (
    (typeof json === 'string' ? parseUpdate(json, family) : parseKind(kind, at(json, kind), family)) ?? {
      text: JSON.stringify(json),
      expressions: [{ name: 'unknown', kernelName: kind }],
    }
  );
}

function parseKind(kind: string, json: unknown, family: IpFamily): Statement | undefined {
  switch (kind) {
    case 'match':
      return parseMatch(json, family);
    case 'goto':
      return typeof at(json, 'target') === 'string' ? goTo(String(at(json, 'target'))) : undefined;
    case 'drop':
      return DROP;
    case 'vmap':
      return lookUp(at(json, 'key'), at(json, 'data'), family, verdictOf);
    case 'mangle':
      return parseMangle(at(json, 'key'), at(json, 'value'), family);
    case 'dnat': {
      const [ip, map] = [at(json, 'addr'), at(json, 'addr', 'map')];
      if (typeof ip === 'string')
        return at(json, 'port') === undefined ? dnatToAddress(family, ip) : undefined;
      return lookUp(at(map, 'key'), at(map, 'data'), family, (fields, name) => dnatTo(family, fields, name));
    }
    case 'masquerade':
      return at(json, 'flags') === 'fully-random' ? MASQUERADE : undefined;
    case 'reject':
      if (at(json, 'type') === 'tcp reset') return RESET;
      return at(json, 'expr') === 'port-unreachable' ? REFUSE : undefined;
    default:
      return undefined;
  }
}

function parseMatch(json: unknown, family: IpFamily): Statement | undefined {
  const [op, left, right] = [at(json, 'op'), at(json, 'left'), at(json, 'right')];
  if (op !== '==' && op !== '!=' && op !== 'in') return undefined;
  const isInverted = op === '!=';
  if (typeof right === 'string' && right.startsWith('@')) {
    return lookUp(left, right, family, (fields, set) => inSet(fields, set, isInverted));
  }
  const ofFib = parseFib(left, right, isInverted);
  if (ofFib !== undefined) return ofFib;
  if (isInverted) return parseDifference(left, right, family);
  if (right === 'echo-request' && at(left, 'payload', 'protocol') === ICMP[family])
    return isEchoRequest(family);
  const protocol = PROTOCOLS.find((each) => each.toLowerCase() === right);
  if (at(left, 'meta', 'key') === 'l4proto' && protocol !== undefined) return isProtocol(protocol);
  if (at(left, 'ct', 'key') === 'status' && right === 'dnat') return IS_TRANSLATED;
  if (at(left, 'ct', 'key') === 'state' && right === 'new') return IS_NEW;
  return parseOrigin(left, right, family, false);
}

const ICMP: Readonly<Record<IpFamily, string>> = { IPv4: 'icmp', IPv6: 'icmpv6' };

function parseFib(left: unknown, right: unknown, isInverted: boolean): Statement | undefined {
  const [result, flag] = [at(left, 'fib', 'result'), firstOf(at(left, 'fib', 'flags'))];
  if (result !== 'type' || right !== 'local' || (flag !== 'saddr' && flag !== 'daddr')) return undefined;
  return isLocalAddress(flag, isInverted);
}

function parseDifference(left: unknown, right: unknown, family: IpFamily): Statement | undefined {
  const mark = markOf(at(left, '&'));
  if (mark !== undefined && right === 0) return hasMark(mark);
  return parseOrigin(left, right, family, true);
}

/** The address or the interface that a packet comes from. */
function parseOrigin(
  left: unknown,
  right: unknown,
  family: IpFamily,
  isInverted: boolean,
): Statement | undefined {
  if (at(left, 'meta', 'key') === 'iifname' && typeof right === 'string') {
    const isPrefix = right.endsWith('*');
    return fromInterface(isPrefix ? right.slice(0, -1) : right, isPrefix, isInverted);
  }
  const which = at(left, 'payload', 'field');
  if (!isAddressOf(left, family) || (which !== 'saddr' && which !== 'daddr')) return undefined;
  const [prefix, length] = [at(right, 'prefix', 'addr'), at(right, 'prefix', 'len')];
  if (typeof prefix === 'string') return inCidr(family, which, `${prefix}/${length}`, isInverted);
  const bits = 8 * ADDRESS_LENGTH[family];
  return typeof right === 'string' ? inCidr(family, which, `${right}/${bits}`, isInverted) : undefined;
}

function parseMangle(key: unknown, value: unknown, family: IpFamily): Statement | undefined {
  const name = at(key, 'meta', 'key');
  if (name === 'priority') {
    if (value === 'none') return FORGET_NUMBER;
    return lookUp(at(value, 'map', 'key'), at(value, 'map', 'data'), family, keepNumber);
  }
  if (name !== 'mark') return undefined;
  const [set, flip] = [markOf(at(value, '|')), markOf(at(value, '^'))];
  if (set !== undefined) return setMark(set);
  return flip === undefined ? undefined : flipMark(flip);
}

/** Of `[{ "meta": { "key": "mark" } }, 16384]`. */
function markOf(operands: unknown): number | undefined {
  if (!Array.isArray(operands)) return undefined;
  const [left, right]: unknown[] = operands;
  return at(left, 'meta', 'key') === 'mark' && typeof right === 'number' ? right : undefined;
}

/** What `make` makes of fields and the name of a set or map (`@endpoints`). */
function lookUp(
  key: unknown,
  set: unknown,
  family: IpFamily,
  make: (fields: Fields, name: string) => Statement,
): Statement | undefined {
  const fields = parseFields(key, family);
  if (fields === undefined || typeof set !== 'string' || !set.startsWith('@')) return undefined;
  return make(fields, set.slice(1));
}

function parseFields(json: unknown, family: IpFamily): Fields | undefined {
  const all: unknown = at(json, 'concat') ?? [json];
  if (!Array.isArray(all)) return undefined;
  const fields = all.map((each: unknown) => parseField(each, family));
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

function parseField(json: unknown, family: IpFamily): Fields[number] | undefined {
  const field = at(json, 'payload', 'field');
  if (field === 'dport' && at(json, 'payload', 'protocol') === 'th') return PORT;
  if (isAddressOf(json, family) && (field === 'saddr' || field === 'daddr')) return address(family, field);
  const meta = at(json, 'meta', 'key');
  if (meta === 'l4proto') return PROTOCOL;
  if (meta === 'priority') return NUMBER;
  if (at(json, 'numgen', 'mode') === 'random') {
    const [modulus, offset] = [at(json, 'numgen', 'mod'), at(json, 'numgen', 'offset') ?? 0];
    return typeof modulus === 'number' && typeof offset === 'number'
      ? randomSlot(modulus, offset)
      : undefined;
  }
  return parseCt(at(json, 'ct', 'key'), at(json, 'ct', 'dir'), family);
}

function parseCt(key: unknown, direction: unknown, family: IpFamily): Fields[number] | undefined {
  if (direction !== 'original' && direction !== 'reply') return undefined;
  if (key === `${KEYWORD[family]} saddr`) return connectionAddress(family, direction, 'saddr');
  if (key === `${KEYWORD[family]} daddr`) return connectionAddress(family, direction, 'daddr');
  if (key === 'proto-src') return connectionPort(direction, 'src');
  return key === 'proto-dst' ? connectionPort(direction, 'dst') : undefined;
}

function isAddressOf(json: unknown, family: IpFamily): boolean {
  return at(json, 'payload', 'protocol') === KEYWORD[family];
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/** nft 1.0.6 has no JSON for it and prints its text. */
function parseUpdate(text: string, family: IpFamily): Statement | undefined {
  const [, map, key, timeout, data] = /^update @(\S+) \{ (.+) timeout (\S+) : (.+) \}$/.exec(text) ?? [];
  if (map === undefined || key === undefined || timeout === undefined || data === undefined) return undefined;
  const [keys, values] = [textFields(key, family), textFields(data, family)];
  const seconds = parseDuration(timeout);
  if (keys === undefined || values === undefined || seconds === undefined) return undefined;
  return update(map, keys, values, seconds);
}

function textFields(text: string, family: IpFamily): Fields | undefined {
  const known = [
    ...(['saddr', 'daddr'] as const).map((which) => address(family, which)),
    ...(['original', 'reply'] as const).flatMap((direction) => [
      connectionAddress(family, direction, 'saddr'),
      connectionAddress(family, direction, 'daddr'),
      connectionPort(direction, 'src'),
      connectionPort(direction, 'dst'),
    ]),
    PROTOCOL,
    PORT,
  ];
  const fields = text.split(' . ').map((each) => known.find((field) => field.text === each));
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

const SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** `1h30m` in seconds. */
function parseDuration(text: string): number | undefined {
  if (!/^(\d+[dhms])+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+)([dhms])/g);
  return [...parts].reduce((sum, [, count, unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 0), 0);
}

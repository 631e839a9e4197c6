/** What `nft -j list ruleset` prints (libnftables-json(5)), as tables: so a listing of a real node can become a test. */
import {
  type Bytes,
  type Chain,
  type Datatype,
  type Element,
  type Hook,
  parseElement,
  type Rule,
  type SetDeclaration,
  type TableContent,
  type TableFamily,
} from '@menwei/netlink/nftables';
import { UnreadableError } from '../unreadable.ts';
import { at, isRecord, parseStatement } from './parse-statement.ts';
import { rule } from './statement.ts';

const KIND = 'a listing of nft -j';
const FAMILIES: readonly TableFamily[] = ['ip', 'ip6'];
const HOOKS: readonly Hook['hook'][] = ['prerouting', 'input', 'forward', 'output', 'postrouting'];
const DATATYPES: Readonly<Record<string, Datatype>> = {
  ipv4_addr: 'ipv4_addr',
  ipv6_addr: 'ipv6_addr',
  inet_proto: 'inet_proto',
  inet_service: 'inet_service',
  classid: 'classid',
  integer: 'slot',
};

interface Reading {
  readonly table: TableContent['table'];
  readonly chains: Map<string, Chain>;
  readonly sets: Map<string, SetDeclaration>;
  readonly elements: Map<string, Map<Bytes, Element>>;
}

/**
 * The tables of the families ip and ip6. What there is no word for stands in them as the kernel's client would say it: sets
 * without fields, rules with an unknown instruction. nft prints no comments of tables and chains.
 *
 * @throws UnreadableError
 */
export function parseListing(text: string): readonly TableContent[] {
  const tables = new Map<string, Reading>();
  for (const item of itemsOf(text)) {
    const [kind = ''] = Object.keys(item);
    const json = item[kind];
    const family = FAMILIES.find((each) => each === at(json, 'family'));
    if (kind === 'metainfo' || family === undefined) continue;
    if (kind === 'table') {
      const name = textOf(json, 'name');
      const reading = { chains: new Map(), sets: new Map(), elements: new Map() };
      tables.set(`${family} ${name}`, { table: { family, name, comment: '' }, ...reading });
      continue;
    }
    const table = tables.get(`${family} ${textOf(json, 'table')}`);
    if (table === undefined) throw unreadable(json, 'its table comes later');
    if (kind === 'set' || kind === 'map') readSet(table, json, kind);
    else if (kind === 'chain') readChain(table, json);
    else if (kind === 'rule') readRule(table, json);
  }
  return [...tables.values()];
}

function itemsOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  let listing: unknown;
  try {
    listing = JSON.parse(text);
  } catch {
    throw new UnreadableError(KIND, text, 'no JSON');
  }
  const items = at(listing, 'nftables');
  if (!Array.isArray(items) || !items.every(isRecord))
    throw new UnreadableError(KIND, text, 'no list "nftables"');
  return items;
}

function readChain({ chains }: Reading, json: unknown): void {
  const name = textOf(json, 'name');
  chains.set(name, { name, hook: readHook(json), comment: '', rules: [] });
}

function readHook(json: unknown): Hook | undefined {
  const [type, at_, priority] = [at(json, 'type'), at(json, 'hook'), at(json, 'prio')];
  if (type === undefined) return undefined;
  const hook = HOOKS.find((each) => each === at_);
  if (hook === undefined || typeof priority !== 'number') throw unreadable(json, 'no such hook');
  const known = type === 'nat' ? 'nat' : 'filter';
  const policy = at(json, 'policy');
  const unknown = [
    ...(type === known ? [] : [`type ${type}`]),
    ...(policy === undefined || policy === 'accept' ? [] : [`policy ${policy}`]),
  ];
  return { type: known, hook, priority, ...(unknown.length > 0 && { unknown: unknown.join(' ') }) };
}

function readRule({ table, chains }: Reading, json: unknown): void {
  const chain = chains.get(textOf(json, 'chain'));
  const statements = at(json, 'expr');
  if (chain === undefined || !Array.isArray(statements)) throw unreadable(json, 'its chain comes later');
  const family = table.family === 'ip' ? 'IPv4' : 'IPv6';
  const read: Rule = rule(
    statements.map((statement: unknown) => parseStatement(statement, family)),
    commentOf(json),
  );
  chains.set(chain.name, { ...chain, rules: [...chain.rules, read] });
}

function readSet({ sets, elements }: Reading, json: unknown, kind: 'set' | 'map'): void {
  const set = readDeclaration(json, kind);
  sets.set(set.name, set);
  if (set.key.length === 0) return;
  const list = at(json, 'elem') ?? [];
  if (!Array.isArray(list)) throw unreadable(json, 'elements are no list');
  const all = list.map((each: unknown) => readElement(set, each));
  elements.set(set.name, new Map(all.map((element) => [element.key, element])));
}

/** Without fields where there is no word for them. */
function readDeclaration(json: unknown, kind: 'set' | 'map'): SetDeclaration {
  const flags: unknown = at(json, 'flags') ?? [];
  const has = (flag: string) => Array.isArray(flags) && flags.includes(flag);
  const key = readTypes(at(json, 'type'));
  const data =
    kind === 'set' ? undefined : at(json, 'map') === 'verdict' ? 'verdict' : readTypes(at(json, 'map'));
  const size = at(json, 'size');
  const isKnown =
    Array.isArray(flags) && flags.every((flag) => ['interval', 'timeout', 'dynamic'].includes(String(flag)));
  return {
    name: textOf(json, 'name'),
    key: isKnown && (data === undefined || data.length > 0) ? key : [],
    data,
    interval: has('interval'),
    // nft 1.0.6 does not print the flag of those that rules fill.
    dynamic: has('dynamic') || has('timeout'),
    size: typeof size === 'number' ? size : 0,
    comment: commentOf(json),
  };
}

function readTypes(json: unknown): readonly Datatype[] {
  const names = Array.isArray(json) ? json.map(String) : String(json).split(' . ');
  const types = names.map((name) => DATATYPES[name]);
  return types.every((type) => type !== undefined) ? types : [];
}

/** A key, or a key and its data; the comment stands with the key. */
function readElement(set: SetDeclaration, json: unknown): Element {
  const [left, right]: unknown[] = set.data !== undefined && Array.isArray(json) ? json : [json];
  const key = at(left, 'elem', 'val') ?? left;
  const data =
    right === undefined ? undefined : set.data === 'verdict' ? formatVerdict(right) : formatValue(right);
  try {
    return parseElement(set, formatValue(key), data, commentOf(at(left, 'elem')));
  } catch {
    throw unreadable(json, `no element of ${set.name}`);
  }
}

function formatVerdict(json: unknown): string {
  const [verdict = ''] = isRecord(json) ? Object.keys(json) : [];
  const target = at(json, verdict, 'target');
  return target === undefined ? verdict : `${verdict} ${target}`;
}

/** As nft writes it: `10.96.0.1 . tcp . 80`. */
function formatValue(json: unknown): string {
  const [fields, prefix, range] = [at(json, 'concat'), at(json, 'prefix'), at(json, 'range')];
  if (Array.isArray(fields)) return fields.map(formatValue).join(' . ');
  if (prefix !== undefined) return `${at(prefix, 'addr')}/${at(prefix, 'len')}`;
  if (Array.isArray(range)) return range.map(formatValue).join('-');
  return String(json);
}

function commentOf(json: unknown): string {
  const comment = at(json, 'comment');
  return typeof comment === 'string' ? comment : '';
}

function textOf(json: unknown, field: string): string {
  const value = at(json, field);
  if (typeof value !== 'string') throw unreadable(json, `${field} is missing`);
  return value;
}

function unreadable(json: unknown, why: string): UnreadableError {
  return new UnreadableError(KIND, JSON.stringify(json), why);
}

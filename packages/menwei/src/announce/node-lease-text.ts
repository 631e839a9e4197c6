/**
 * The annotations of a node's Lease. What can't be read is left out and told, so that no text gives a node more than it says:
 * not an address, not a longer time, not an interface.
 */
import { parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { quote } from '../kubernetes/decode-text.ts';
import type { Lease } from '../kubernetes/load-balancer-objects.ts';
import {
  type AddressConflict,
  ALL_ADDRESSES,
  LEASE_ANNOTATIONS,
  NODE_LEASE_PREFIX,
  type NodeAnnouncement,
  type OwnedAddress,
} from './node-lease.ts';

interface ParsedNodeLease {
  /** Undefined: it is not the Lease of a node, or no node holds it. */
  readonly announcement: NodeAnnouncement | undefined;
  /** `menwei.dev/owns: line 2: 192.0.2 is not an address`; empty: all of it was read. */
  readonly problems: readonly string[];
}

type AnnotationName = keyof typeof LEASE_ANNOTATIONS;
type InterfaceText = NodeAnnouncement['interfaces'][number];
type Parsed<Item> = { readonly item: Item } | { readonly problem: string };

/** What a Lease says of its node. */
export function parseNodeLease(
  lease: Pick<Lease, 'name' | 'holderIdentity' | 'annotations'>,
): ParsedNodeLease {
  const { name, holderIdentity, annotations } = lease;
  const node = name.startsWith(NODE_LEASE_PREFIX) ? name.slice(NODE_LEASE_PREFIX.length) : '';
  if (node === '' || holderIdentity === '') return { announcement: undefined, problems: [] };
  if (holderIdentity !== node) {
    const problem = `holderIdentity: ${quote(holderIdentity)} is not the node of this Lease`;
    return { announcement: undefined, problems: [problem] };
  }
  const reader = new AnnotationReader(annotations);
  const announcement: NodeAnnouncement = {
    node,
    interfaces: reader.lines('interfaces', parseInterface, ({ name }) => name),
    owns: reader.lines('owns', parseOwned, ({ address }) => address),
    declines: reader.lines('declines', parseDeclined, (address) => address),
    conflicts: reader.lines('conflicts', parseConflict, (conflict) => JSON.stringify(conflict)),
    isHandingOver: reader.flag('handover'),
    restartingUntilMs: reader.time('restartingUntil'),
    startedAtMs: reader.time('started'),
  };
  return { announcement, problems: reader.problems };
}

/** The annotations of its Lease; null: there must be none. */
export function formatNodeLease(announcement: NodeAnnouncement): Readonly<Record<string, string | null>> {
  const { interfaces, owns, declines, conflicts, isHandingOver } = announcement;
  return {
    [LEASE_ANNOTATIONS.interfaces]: formatLines(
      interfaces.map(({ name, mac, onLink }) => [name, mac, ...onLink].join(' ')),
    ),
    [LEASE_ANNOTATIONS.owns]: formatLines(
      owns.map((owned) =>
        `${owned.address} ${formatTime(owned.sinceMs)} ${owned.interfaces.join('/')}`.trim(),
      ),
    ),
    [LEASE_ANNOTATIONS.declines]: formatLines(declines),
    [LEASE_ANNOTATIONS.conflicts]: formatLines(
      conflicts.map((conflict) => `${conflict.address} ${conflict.mac} ${conflict.interface}`),
    ),
    [LEASE_ANNOTATIONS.handover]: isHandingOver ? 'true' : null,
    [LEASE_ANNOTATIONS.restartingUntil]: formatTime(announcement.restartingUntilMs),
    [LEASE_ANNOTATIONS.started]: formatTime(announcement.startedAtMs),
  };
}

/** Addresses that are to be given up: what is none is left out. */
export function parseGiveUp(text: string): readonly string[] {
  return text.split(/\s+/).flatMap((word) => parseIp(word) ?? []);
}

/** Of a Lease that are told one by one. */
const MOST_PROBLEMS = 5;

class AnnotationReader {
  readonly #annotations: Lease['annotations'];
  readonly #problems: string[] = [];
  #untold = 0;

  constructor(annotations: Lease['annotations']) {
    this.#annotations = annotations;
  }

  get problems(): readonly string[] {
    return this.#untold === 0 ? this.#problems : [...this.#problems, `and ${this.#untold} more`];
  }

  /** One item a line, fields between blanks; of items with one key the first. */
  lines<Item>(
    name: AnnotationName,
    parse: (fields: readonly string[]) => Parsed<Item>,
    keyOf: (item: Item) => string,
  ): readonly Item[] {
    const items = new Map<string, Item>();
    for (const [index, line] of this.#text(name).split('\n').entries()) {
      const fields = line.split(/\s+/).filter((field) => field !== '');
      if (fields.length === 0) continue;
      const parsed = parse(fields);
      if ('problem' in parsed) this.#report(name, `line ${index + 1}: ${parsed.problem}`);
      else if (items.has(keyOf(parsed.item))) this.#report(name, `line ${index + 1}: said before`);
      else items.set(keyOf(parsed.item), parsed.item);
    }
    return [...items.values()];
  }

  /** Milliseconds since the epoch; 0: it says none that can be read. */
  time(name: AnnotationName): number {
    const text = this.#text(name);
    const ms = parseTime(text);
    if (ms === undefined && text !== '') this.#report(name, `${quote(text)} is not a time`);
    return ms ?? 0;
  }

  /** True, too, when it says neither: a node that may want to give its addresses away claims none. */
  flag(name: AnnotationName): boolean {
    const text = this.#text(name);
    if (!['', 'true', 'false'].includes(text)) {
      this.#report(name, `${quote(text)} is neither true nor false; taken for true`);
    }
    return text !== '' && text !== 'false';
  }

  #text(name: AnnotationName): string {
    return this.#annotations.get(LEASE_ANNOTATIONS[name]) ?? '';
  }

  #report(name: AnnotationName, problem: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push(`${LEASE_ANNOTATIONS[name]}: ${problem}`);
    else this.#untold++;
  }
}

/** `eth0 02:00:00:00:00:01 192.0.2.0/24 2001:db8::/64` */
function parseInterface([name = '', macText = '', ...networks]: readonly string[]): Parsed<InterfaceText> {
  const mac = parseMac(macText);
  if (!isInterfaceName(name)) return notA('an interface', name);
  if (mac === undefined) return notA('a MAC address of an interface', macText);
  const onLink: string[] = [];
  for (const text of networks) {
    const cidr = parseCidr(text);
    if (cidr === undefined) return notA('a CIDR', text);
    onLink.push(cidr.text);
  }
  return { item: { name, mac, onLink } };
}

/** `192.0.2.10 2026-01-31T12:00:00.000Z eth0/eth1`: neither blanks nor slashes are in names of interfaces. */
function parseOwned([
  text = '',
  timeText = '',
  names = '',
  ...rest
]: readonly string[]): Parsed<OwnedAddress> {
  const address = parseIp(text);
  const sinceMs = parseTime(timeText);
  const interfaces = names === '' ? [] : names.split('/');
  if (address === undefined) return notA('an address', text);
  if (sinceMs === undefined || sinceMs <= 0) return notA('a time', timeText);
  if (rest.length > 0 || !interfaces.every(isInterfaceName)) return notA('a list of interfaces', names);
  return { item: { address, sinceMs, interfaces } };
}

function parseDeclined([text = '', ...rest]: readonly string[]): Parsed<string> {
  const address = text === ALL_ADDRESSES ? text : parseIp(text);
  if (address === undefined || rest.length > 0) return notA('an address', [text, ...rest].join(' '));
  return { item: address };
}

/** `192.0.2.10 02:00:00:00:00:aa eth0` */
function parseConflict([
  text = '',
  macText = '',
  name = '',
  ...rest
]: readonly string[]): Parsed<AddressConflict> {
  const address = parseIp(text);
  const mac = parseMac(macText);
  if (address === undefined) return notA('an address', text);
  if (mac === undefined) return notA('a MAC address of an interface', macText);
  if (rest.length > 0 || !isInterfaceName(name)) return notA('an interface', name);
  return { item: { address, mac, interface: name } };
}

/** Canonical text of a MAC address that one machine can have: neither of a group nor zero. */
function parseMac(text: string): string | undefined {
  const mac = text.toLowerCase();
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) || mac === '00:00:00:00:00:00') return undefined;
  return Number.parseInt(mac.slice(0, 2), 16) % 2 === 1 ? undefined : mac;
}

/** What the kernel takes for a name: 1-15 bytes, no slash, colon or blank. */
function isInterfaceName(text: string): boolean {
  return /^[^\s/:]+$/.test(text) && Buffer.byteLength(text) <= 15 && text !== '.' && text !== '..';
}

function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Of 0: null. */
function formatTime(ms: number): string | null {
  return ms === 0 ? null : new Date(ms).toISOString();
}

function formatLines(lines: readonly string[]): string | null {
  return lines.length === 0 ? null : lines.join('\n');
}

function notA(what: string, text: string): { readonly problem: string } {
  return { problem: `${quote(text)} is not ${what}` };
}

/** A rule as iptables-save prints it, in the words of rule.ts. */
import { protocolOfNumber } from '../protocols.ts';
import {
  type AddressType,
  formatMark,
  formatProbability,
  type HeldRule,
  hasProtocolMatch,
  isNewFirst,
  isSafeComment,
  protocolMatch,
  type Rule,
  type VirtualAddress,
} from './rule.ts';
import { splitWords } from './words.ts';

/**
 * The rule in a line of iptables-save (without `-A CHAIN`), or undefined when it is not word for word what the tools
 * make of a rule of ours: then it is somebody else's. Their rule is deleted by its own text; the tools would not find
 * it by one that says the same in another order.
 */
export function parseSavedRule(text: string): Rule | undefined {
  const reading = new Reading(text);
  while (!reading.isAtEnd) {
    if (OPTIONS.get(reading.next())?.(reading) !== true) return undefined;
  }
  return reading.finish();
}

/** The rule in a line of iptables-save, whoever wrote it. */
export function parseHeldRule(text: string): HeldRule {
  return parseSavedRule(text) ?? { foreign: text };
}

/** Takes up an option with its values; false when no rule of ours has it so. */
type TakeOption = (reading: Reading) => boolean;

const OPTIONS: ReadonlyMap<string, TakeOption> = new Map<string, TakeOption>([
  ['!', (reading) => reading.negate()],
  ['-m', (reading) => reading.enterMatch()],
  ['-p', (reading) => reading.set('protocol', reading.next())],
  ['-d', (reading) => reading.set('destination', reading.negatable())],
  ['-s', (reading) => reading.set('source', reading.negatable())],
  ['-i', (reading) => reading.set('inInterface', reading.negatable())],
  ['--icmp-type', (reading) => reading.set('icmpType', numberOf(reading.next()))],
  ['--icmpv6-type', (reading) => reading.set('icmpType', numberOf(reading.next()))],
  ['--dport', (reading) => reading.set('destinationPort', numberOf(reading.next()))],
  ['--comment', (reading) => reading.setComment()],
  ['--match-set', (reading) => reading.setSet({ name: reading.next(), directions: reading.next() })],
  ['--physdev-is-in', (reading) => reading.set('physdevNotIn', reading.takeNegation() || undefined)],
  ['--src-type', (reading) => reading.set('sourceType', addressTypeOf(reading.negatable()))],
  ['--dst-type', (reading) => reading.set('destinationType', addressTypeOf(reading.negatable()))],
  // xt_ipvs knows protocols by their numbers.
  ['--vproto', (reading) => reading.virtual.set('protocol', protocolOfNumber(Number(reading.next())))],
  ['--vaddr', (reading) => reading.virtual.set('ip', reading.next())],
  ['--vport', (reading) => reading.virtual.set('port', numberOf(reading.next()))],
  ['--ctstate', (reading) => reading.set('connectionState', reading.negatable())],
  ['--mark', (reading) => reading.set('mark', reading.negatable(padMarks))],
  ['--nfacct-name', (reading) => reading.set('accounting', reading.next())],
  ['--mode', (reading) => reading.next() === 'random'],
  ['--probability', (reading) => reading.set('oneOf', parseProbability(reading.next()))],
  ['--set', (reading) => reading.recent.add('--set')],
  ['--rcheck', (reading) => reading.recent.add('--rcheck')],
  ['--reap', (reading) => reading.recent.add('--reap')],
  ['--name', (reading) => reading.recent.setName(reading.next())],
  ['--seconds', (reading) => reading.recent.setSeconds(numberOf(reading.next()))],
  ['--mask', (reading) => WHOLE_ADDRESS.test(reading.next())],
  ['--rsource', () => true],
  ['-j', (reading) => reading.set('target', normalizeTarget(reading.rest()))],
]);

/** In the order in which formatRule writes them. The comment and the set have two places: see isNewFirst. */
const MATCHES = [
  ...['comment', 'recent', 'set', 'physdev', 'addrtype', 'tcp', 'udp', 'sctp', 'icmp', 'icmp6', 'ipvs'],
  ...['conntrack', 'set', 'mark', 'nfacct', 'comment', 'statistic'],
];
const PROTOCOL_MATCHES: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'icmp', 'icmp6']);
const STATE_MATCH = MATCHES.indexOf('conntrack');
const NEGATABLE: ReadonlySet<string> = new Set([
  ...['-d', '-s', '-i', '--ctstate', '--mark', '--physdev-is-in', '--src-type', '--dst-type'],
]);
/** xt_recent remembers whole addresses unless told otherwise. */
const WHOLE_ADDRESS = /^(255\.255\.255\.255|ffff(:ffff){7})$/;

/** Walks over the words of a line and collects the rule. */
class Reading {
  readonly recent = new RecentReading();
  readonly virtual = new VirtualReading();
  readonly #words: readonly string[];
  readonly #rule: { -readonly [Key in keyof Rule]: Rule[Key] } = {};
  #index = 0;
  #isNegated = false;
  #match = -1;
  #protocolMatch: string | undefined;
  #commentMatch = -1;
  #setMatch = -1;

  constructor(text: string) {
    this.#words = splitWords(text);
  }

  get isAtEnd(): boolean {
    return this.#index >= this.#words.length;
  }

  /** Empty when there is no word left. */
  next(): string {
    return this.#words[this.#index++] ?? '';
  }

  rest(): readonly string[] {
    const words = this.#words.slice(this.#index);
    this.#index = this.#words.length;
    return words;
  }

  negate(): boolean {
    this.#isNegated = true;
    return NEGATABLE.has(this.#words[this.#index] ?? '');
  }

  /** The next word, with the negation that stood before its option. */
  negatable(normalize = (word: string) => word): string {
    return (this.takeNegation() ? '! ' : '') + normalize(this.next());
  }

  takeNegation(): boolean {
    const isNegated = this.#isNegated;
    this.#isNegated = false;
    return isNegated;
  }

  enterMatch(): boolean {
    const name = this.next();
    this.#match = MATCHES.indexOf(name, this.#match + 1);
    if (PROTOCOL_MATCHES.has(name)) this.#protocolMatch = name;
    return this.#match >= 0;
  }

  setComment(): boolean {
    this.#commentMatch = this.#match;
    const comment = this.next();
    return isSafeComment(comment) && this.set('comment', comment);
  }

  setSet(set: NonNullable<Rule['set']>): boolean {
    this.#setMatch = this.#match;
    return this.set('set', set);
  }

  set<Key extends keyof Rule>(key: Key, value: Rule[Key]): boolean {
    // We say nothing twice.
    const isFirst = this.#rule[key] === undefined;
    this.#rule[key] = value;
    return isFirst && value !== undefined;
  }

  finish(): Rule | undefined {
    const rule = this.#rule;
    const newFirst = isNewFirst(rule);
    const { protocol } = rule;
    const wanted = protocol !== undefined && hasProtocolMatch(rule) ? protocolMatch(protocol) : undefined;
    if (this.#protocolMatch !== wanted) return undefined;
    if (rule.comment !== undefined && newFirst !== this.#commentMatch > STATE_MATCH) return undefined;
    if (rule.set !== undefined && newFirst !== this.#setMatch > STATE_MATCH) return undefined;
    const recent = this.recent.finish();
    const virtual = this.virtual.finish();
    if (recent === 'foreign' || virtual === 'foreign') return undefined;
    if (recent !== undefined) rule.recent = recent;
    if (virtual !== undefined) rule.virtual = virtual;
    return rule;
  }
}

/** Collects what belongs to xt_ipvs: ours names an address with protocol and port. */
class VirtualReading {
  readonly #virtual: { -readonly [Key in keyof VirtualAddress]?: VirtualAddress[Key] | undefined } = {};

  set<Key extends keyof VirtualAddress>(key: Key, value: VirtualAddress[Key] | undefined): boolean {
    this.#virtual[key] = value;
    return value !== undefined;
  }

  finish(): VirtualAddress | undefined | 'foreign' {
    const { ip, protocol, port } = this.#virtual;
    if (ip === undefined && protocol === undefined && port === undefined) return undefined;
    if (ip === undefined || protocol === undefined || port === undefined) return 'foreign';
    return { ip, protocol, port };
  }
}

/** Collects what belongs to xt_recent, whose options come in any order. */
class RecentReading {
  #name: string | undefined;
  #seconds: number | undefined;
  #flags = '';

  add(flag: string): boolean {
    this.#flags += flag;
    return true;
  }

  setName(name: string): boolean {
    this.#name = name;
    return true;
  }

  setSeconds(seconds: number | undefined): boolean {
    this.#seconds = seconds;
    return seconds !== undefined;
  }

  finish(): Rule['recent'] | 'foreign' {
    if (this.#name === undefined) return undefined;
    const asks = this.#seconds !== undefined;
    if (this.#flags !== (asks ? '--rcheck--reap' : '--set')) return 'foreign';
    return this.#seconds === undefined ? { name: this.#name } : { name: this.#name, seconds: this.#seconds };
  }
}

function addressTypeOf(type: string): AddressType | undefined {
  return type === 'LOCAL' || type === '! LOCAL' ? type : undefined;
}

function numberOf(word: string): number | undefined {
  return /^\d+$/.test(word) ? Number(word) : undefined;
}

function padMarks(marks: string): string {
  return marks
    .split('/')
    .map((mark) => formatMark(Number(mark)))
    .join('/');
}

/** xt_statistic keeps the probability as a fraction of 2^31 and prints that back. */
const PROBABILITY_SCALE = 2 ** 31;

function parseProbability(text: string): number {
  const fraction = Math.round(Number(text) * PROBABILITY_SCALE);
  const oneOf = Math.round(PROBABILITY_SCALE / fraction);
  const ours = Math.round(Number(formatProbability(oneOf)) * PROBABILITY_SCALE);
  return ours === fraction ? oneOf : PROBABILITY_SCALE / fraction;
}

/** What we wrote after `-j`, or undefined if we never write such a thing. */
function normalizeTarget(words: readonly string[]): string | undefined {
  const [target, option, value = ''] = words;
  if (option === undefined) return target;
  switch (`${target} ${option}`) {
    case 'REJECT --reject-with':
      if (value === 'tcp-reset') return words.join(' ');
      return /^icmp6?-port-unreachable$/.test(value) ? 'REJECT' : undefined;
    case 'MARK --set-xmark':
      return normalizeMark(value);
    case 'MARK --or-mark':
    case 'MARK --xor-mark':
    case 'DNAT --to-destination':
    case 'REDIRECT --to-ports':
    case 'MASQUERADE --random-fully':
      return words.join(' ');
    default:
      return undefined;
  }
}

/** xmark v/m is (mark & ~m) ^ v: or-mark sets the bits of the mask, xor-mark has an empty mask. */
function normalizeMark(xmark: string): string | undefined {
  const [mark, mask] = xmark.split('/').map(Number);
  if (mark === undefined || (mask !== 0 && mask !== mark)) return undefined;
  return `MARK --${mask === 0 ? 'xor' : 'or'}-mark ${formatMark(mark)}`;
}

/**
 * One iptables rule as data, and its two texts: the one we write (spec §§ 4.7-4.9, kube-proxy's order of arguments)
 * and the one iptables-save prints. Both variants of the tools reorder arguments, add defaults and round numbers, so
 * a rule read back is parsed and formatted again: equal rules are then equal strings.
 */
export interface Rule {
  readonly comment?: string;
  /** xt_recent: remember the source under a name, or ask whether it was seen in the last seconds. */
  readonly recent?: { readonly name: string; readonly seconds?: number };
  readonly addressType?: 'src' | 'dst';
  /** Lower case: `tcp`. */
  readonly protocol?: string;
  /** An address or CIDR; a leading `! ` negates, here and below. */
  readonly destination?: string;
  readonly destinationPort?: number;
  readonly source?: string;
  readonly inInterface?: string;
  /** `INVALID`, `! RELATED,ESTABLISHED,DNAT` */
  readonly connectionState?: string;
  /** `0x00004000/0x00004000` */
  readonly mark?: string;
  readonly accounting?: string;
  /** One of this many is taken: 3 is printed as probability 0.3333333333. */
  readonly oneOf?: number;
  /** All that follows `-j `; undefined for a rule that only carries a comment. */
  readonly target?: string;
}

/** The rule as we write it, without `-A CHAIN`. One flat string: there may be a million of them. */
export function formatRule(rule: Rule): string {
  const args: string[] = [];
  const commentLast = isCommentLast(rule);
  if (rule.comment !== undefined && !commentLast) args.push('-m comment --comment', quote(rule.comment));
  if (rule.recent !== undefined) args.push(formatRecent(rule.recent));
  if (rule.addressType !== undefined) args.push('-m addrtype', `--${rule.addressType}-type LOCAL`);
  if (rule.protocol !== undefined) args.push('-m', rule.protocol, '-p', rule.protocol);
  if (rule.destination !== undefined) args.push(option('-d', withoutHostPrefix(rule.destination)));
  if (rule.destinationPort !== undefined) args.push('--dport', String(rule.destinationPort));
  if (rule.source !== undefined) args.push(option('-s', withoutHostPrefix(rule.source)));
  if (rule.inInterface !== undefined) args.push(option('-i', rule.inInterface));
  if (rule.connectionState !== undefined)
    args.push('-m conntrack', option('--ctstate', rule.connectionState));
  if (rule.mark !== undefined) args.push('-m mark', option('--mark', rule.mark));
  if (rule.accounting !== undefined) args.push('-m nfacct --nfacct-name', rule.accounting);
  if (rule.comment !== undefined && commentLast) args.push('-m comment --comment', quote(rule.comment));
  if (rule.oneOf !== undefined)
    args.push('-m statistic --mode random --probability', formatProbability(rule.oneOf));
  if (rule.target !== undefined) args.push('-j', rule.target);
  return args.join(' ');
}

/** The jumps from the built-in chains are the only rules on NEW, and upstream puts their comment last. */
function isCommentLast(rule: Rule): boolean {
  return rule.connectionState === 'NEW';
}

/** 1/n with ten decimals: `0.3333333333`. */
export function formatProbability(oneOf: number): string {
  return (1 / oneOf).toFixed(10);
}

/** Comments are made of validated names; still, what could end the quotation never gets into a rule. */
function quote(comment: string): string {
  if (!isSafeComment(comment)) throw new Error(`BUG: unsafe comment ${JSON.stringify(comment)}`);
  return comment.includes(' ') ? `"${comment}"` : comment;
}

function isSafeComment(comment: string): boolean {
  return /^[\w .:;,>/[\]-]+$/.test(comment);
}

function option(name: string, value: string): string {
  return value.startsWith('! ') ? `! ${name} ${value.slice(2)}` : `${name} ${value}`;
}

function formatRecent(recent: { readonly name: string; readonly seconds?: number }): string {
  return recent.seconds === undefined
    ? `-m recent --name ${recent.name} --set`
    : `-m recent --name ${recent.name} --rcheck --seconds ${recent.seconds} --reap`;
}

/** In the order in which formatRule writes them. The comment has two places. */
const MATCHES = [
  ...['comment', 'recent', 'addrtype', 'tcp', 'udp', 'sctp', 'conntrack', 'mark', 'nfacct'],
  ...['comment', 'statistic'],
];
const NEGATABLE: ReadonlySet<string> = new Set(['-d', '-s', '-i', '--ctstate', '--mark']);
/** xt_recent remembers whole addresses unless told otherwise. */
const WHOLE_ADDRESS = /^(255\.255\.255\.255|ffff(:ffff){7})$/;

/**
 * The rule in a line of iptables-save (without `-A CHAIN`), or undefined when it is not word for word what the tools
 * make of a rule of ours: then it is somebody else's. Their rule is deleted by its own text; the tools would not find
 * it by one that says the same in another order.
 */
export function parseSavedRule(text: string): Rule | undefined {
  const words = tokenize(text);
  const rule: { -readonly [Key in keyof Rule]: Rule[Key] } = {};
  let negated = '';
  let match = -1;
  let commentMatch = -1;
  let protocolMatch: string | undefined;
  let recentName: string | undefined;
  let recentSeconds: number | undefined;
  let recentFlags = '';
  let index = 0;
  const next = (): string => words[index++] ?? '';
  while (index < words.length) {
    const word = next();
    switch (word) {
      case '!':
        if (!NEGATABLE.has(words[index] ?? '')) return undefined;
        negated = '! ';
        continue;
      case '-m':
        match = MATCHES.indexOf(next(), match + 1);
        if (match < 0) return undefined;
        if (isProtocol(MATCHES[match])) protocolMatch = MATCHES[match];
        break;
      case '--comment':
        commentMatch = match;
        rule.comment = next();
        if (!isSafeComment(rule.comment)) return undefined;
        break;
      case '-p':
        rule.protocol = next();
        break;
      case '-d':
        rule.destination = negated + next();
        break;
      case '-s':
        rule.source = negated + next();
        break;
      case '-i':
        rule.inInterface = negated + next();
        break;
      case '--dport':
        rule.destinationPort = Number(next());
        if (Number.isNaN(rule.destinationPort)) return undefined;
        break;
      case '--dst-type':
      case '--src-type':
        if (next() !== 'LOCAL') return undefined;
        rule.addressType = word === '--dst-type' ? 'dst' : 'src';
        break;
      case '--ctstate':
        rule.connectionState = negated + next();
        break;
      case '--mark':
        rule.mark = negated + next().split('/').map(padMark).join('/');
        break;
      case '--nfacct-name':
        rule.accounting = next();
        break;
      case '--mode':
        if (next() !== 'random') return undefined;
        break;
      case '--probability':
        rule.oneOf = parseProbability(next());
        break;
      case '--name':
        recentName = next();
        break;
      case '--seconds':
        recentSeconds = Number(next());
        break;
      case '--set':
      case '--rcheck':
      case '--reap':
        recentFlags += word;
        break;
      case '--rsource':
        break;
      case '--mask':
        if (!WHOLE_ADDRESS.test(next())) return undefined;
        break;
      case '-j': {
        const target = normalizeTarget(words.slice(index));
        if (target === undefined) return undefined;
        rule.target = target;
        index = words.length;
        break;
      }
      default:
        return undefined;
    }
    negated = '';
  }
  if (rule.protocol !== protocolMatch) return undefined;
  if (rule.comment !== undefined && isCommentLast(rule) !== commentMatch > 0) return undefined;
  if (recentName !== undefined) {
    if (recentFlags !== (recentSeconds === undefined ? '--set' : '--rcheck--reap')) return undefined;
    rule.recent =
      recentSeconds === undefined ? { name: recentName } : { name: recentName, seconds: recentSeconds };
  }
  return rule;
}

/** Words of a line; double quotes group, a backslash inside them takes the next character as it is. */
function tokenize(text: string): string[] {
  if (!text.includes('"')) return text.split(' ').filter((word) => word !== '');
  const words: string[] = [];
  let start = 0;
  while (start < text.length) {
    if (text[start] === ' ') {
      start++;
    } else if (text[start] === '"') {
      let end = start + 1;
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
      words.push(text.slice(start + 1, end).replace(/\\(.)/g, '$1'));
      start = end + 1;
    } else {
      let end = text.indexOf(' ', start);
      if (end < 0) end = text.length;
      words.push(text.slice(start, end));
      start = end;
    }
  }
  return words;
}

/** The tools print one host as /32 or /128 on saving; we, like upstream, write it bare. */
function withoutHostPrefix(address: string): string {
  return address.endsWith('/32') && !address.includes(':')
    ? address.slice(0, -3)
    : address.endsWith('/128')
      ? address.slice(0, -4)
      : address;
}

function padMark(mark: string): string {
  return formatMark(Number(mark));
}

/** A mark as kube-proxy prints it: at least eight hexadecimal digits (spec § 4.2). */
export function formatMark(mark: number): string {
  return `0x${(mark >>> 0).toString(16).padStart(8, '0')}`;
}

/** xt_statistic keeps the probability as a fraction of 2^31 and prints that back. */
const PROBABILITY_SCALE = 2 ** 31;

function parseProbability(text: string): number {
  const fraction = Math.round(Number(text) * PROBABILITY_SCALE);
  const oneOf = Math.round(PROBABILITY_SCALE / fraction);
  const ours = Math.round(Number(formatProbability(oneOf)) * PROBABILITY_SCALE);
  return ours === fraction ? oneOf : PROBABILITY_SCALE / fraction;
}

function isProtocol(match: string | undefined): boolean {
  return match === 'tcp' || match === 'udp' || match === 'sctp';
}

/** What we wrote after `-j`, or undefined if we never write such a thing. */
function normalizeTarget(words: readonly string[]): string | undefined {
  const [target, option, value = ''] = words;
  if (option === undefined) return target;
  switch (`${target} ${option}`) {
    case 'REJECT --reject-with':
      return /^icmp6?-port-unreachable$/.test(value) ? 'REJECT' : undefined;
    case 'MARK --set-xmark':
      return normalizeMark(value);
    case 'MARK --or-mark':
    case 'MARK --xor-mark':
    case 'DNAT --to-destination':
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

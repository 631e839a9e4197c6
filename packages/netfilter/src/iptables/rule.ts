/**
 * One iptables rule as data, and its two texts: the one we write (spec §§ 4.7-4.9, kube-proxy's order of arguments)
 * and the one iptables-save prints. Both variants of the tools reorder arguments, add defaults and round numbers, so
 * a rule read back is parsed and formatted again: equal rules are then equal strings.
 */
export interface Rule {
  readonly comment?: string | undefined;
  /** xt_recent: remember the source under a name, or ask whether it was seen in the last seconds. */
  readonly recent?: { readonly name: string; readonly seconds?: number } | undefined;
  /** The destination, or else the source, of a packet is in a set: `dst,dst` is its address and port. */
  readonly set?: { readonly name: string; readonly directions: string } | undefined;
  /** It did not come in through a port of a bridge. */
  readonly physdevNotIn?: true | undefined;
  /** Whether the source is an address of this machine, and the same of the destination. */
  readonly sourceType?: AddressType | undefined;
  readonly destinationType?: AddressType | undefined;
  /** Lower case: `tcp`, `ipv6-icmp`. */
  readonly protocol?: string | undefined;
  /** Of `icmp` and `ipv6-icmp`: the number of a message. */
  readonly icmpType?: number | undefined;
  /** An address or CIDR; a leading `! ` negates, here and below. */
  readonly destination?: string | undefined;
  readonly destinationPort?: number | undefined;
  readonly source?: string | undefined;
  readonly inInterface?: string | undefined;
  /** The virtual server of IPVS whose connection a packet belongs to; of answers too. */
  readonly virtual?: VirtualAddress | undefined;
  /** `INVALID`, `! RELATED,ESTABLISHED,DNAT` */
  readonly connectionState?: string | undefined;
  /** `0x00004000/0x00004000` */
  readonly mark?: string | undefined;
  readonly accounting?: string | undefined;
  /** One of this many is taken: 3 is printed as probability 0.3333333333. */
  readonly oneOf?: number | undefined;
  /** All that follows `-j `; undefined for a rule that only carries a comment. */
  readonly target?: string | undefined;
  /** See ForeignRule. */
  readonly foreign?: undefined;
}

export type AddressType = 'LOCAL' | '! LOCAL';

export interface VirtualAddress {
  readonly ip: string;
  /** Lower case: `udp`. */
  readonly protocol: string;
  readonly port: number;
}

/** A rule that is like none of ours, in the words of iptables-save, without `-A CHAIN`. */
interface ForeignRule {
  /** Whatever it may be. */
  readonly target?: undefined;
  readonly foreign: string;
}

/** What may stand in a chain. */
export type HeldRule = Rule | ForeignRule;

export function isForeign(rule: HeldRule): rule is ForeignRule {
  return rule.foreign !== undefined;
}

/** Somebody else's rule stays in its own words: the tools would not find it by others. */
export function formatHeldRule(rule: HeldRule): string {
  return isForeign(rule) ? rule.foreign : formatRule(rule);
}

/** The rule as we write it, without `-A CHAIN`. One flat string: there may be a million of them. */
export function formatRule(rule: Rule): string {
  const parts: string[] = [];
  appendRule(parts, rule);
  return parts.join('').slice(1);
}

/** Adds the text to parts that are going to be joined, as a rule of a whole chain. A space comes first. */
export function appendHeldRule(parts: string[], rule: HeldRule): void {
  if (isForeign(rule)) parts.push(' ', rule.foreign);
  else appendRule(parts, rule);
}

function appendRule(parts: string[], rule: Rule): void {
  const newFirst = isNewFirst(rule);
  const bareProtocol = !hasProtocolMatch(rule);
  if (rule.protocol !== undefined && bareProtocol) parts.push(' -p ', rule.protocol);
  if (rule.comment !== undefined && !newFirst) appendComment(parts, rule.comment);
  if (rule.recent !== undefined) appendRecent(parts, rule.recent);
  if (rule.set !== undefined && !newFirst) appendSet(parts, rule.set);
  if (rule.physdevNotIn) parts.push(' -m physdev ! --physdev-is-in');
  if (rule.sourceType !== undefined || rule.destinationType !== undefined) parts.push(' -m addrtype');
  if (rule.sourceType !== undefined) appendOption(parts, ' --src-type ', rule.sourceType);
  if (rule.destinationType !== undefined) appendOption(parts, ' --dst-type ', rule.destinationType);
  if (rule.protocol !== undefined && !bareProtocol) {
    parts.push(' -m ', protocolMatch(rule.protocol), ' -p ', rule.protocol);
  }
  if (rule.destination !== undefined) appendOption(parts, ' -d ', withoutHostPrefix(rule.destination));
  if (rule.destinationPort !== undefined) parts.push(' --dport ', String(rule.destinationPort));
  if (rule.icmpType !== undefined) {
    parts.push(rule.protocol === 'icmp' ? ' --icmp-type ' : ' --icmpv6-type ', String(rule.icmpType));
  }
  if (rule.source !== undefined) appendOption(parts, ' -s ', withoutHostPrefix(rule.source));
  if (rule.inInterface !== undefined) appendOption(parts, ' -i ', rule.inInterface);
  if (rule.virtual !== undefined) appendVirtual(parts, rule.virtual);
  if (rule.connectionState !== undefined) {
    parts.push(' -m conntrack');
    appendOption(parts, ' --ctstate ', rule.connectionState);
  }
  if (rule.set !== undefined && newFirst) appendSet(parts, rule.set);
  if (rule.mark !== undefined) {
    parts.push(' -m mark');
    appendOption(parts, ' --mark ', rule.mark);
  }
  if (rule.accounting !== undefined) parts.push(' -m nfacct --nfacct-name ', rule.accounting);
  if (rule.comment !== undefined && newFirst) appendComment(parts, rule.comment);
  if (rule.oneOf !== undefined) {
    parts.push(' -m statistic --mode random --probability ', formatProbability(rule.oneOf));
  }
  if (rule.target !== undefined) parts.push(' -j ', rule.target);
}

/** The few rules on NEW are of their own kind: upstream puts their comment last and their set behind the state. */
export function isNewFirst(rule: Rule): boolean {
  return rule.connectionState === 'NEW';
}

/** Upstream writes `-m tcp` with every `-p tcp`, except where a set looks at the port. */
export function hasProtocolMatch(rule: Rule): boolean {
  if (rule.protocol === undefined) return false;
  return rule.set === undefined || rule.destinationPort !== undefined || rule.icmpType !== undefined;
}

/** The match that knows what a protocol has in its headers. */
export function protocolMatch(protocol: string): string {
  return protocol === 'ipv6-icmp' ? 'icmp6' : protocol;
}

/** 1/n with ten decimals: `0.3333333333`. */
export function formatProbability(oneOf: number): string {
  return (1 / oneOf).toFixed(10);
}

/** Comments are made of validated names; still, what could end the quotation never gets into a rule. */
function appendComment(parts: string[], comment: string): void {
  if (!isSafeComment(comment)) throw new Error(`BUG: unsafe comment ${JSON.stringify(comment)}`);
  if (/[ ']/.test(comment)) parts.push(' -m comment --comment "', comment, '"');
  else parts.push(' -m comment --comment ', comment);
}

export function isSafeComment(comment: string): boolean {
  return /^[\w .:;,>/[\]'+=-]+$/.test(comment);
}

function appendOption(parts: string[], name: string, value: string): void {
  if (value.startsWith('! ')) parts.push(' !', name, value.slice(2));
  else parts.push(name, value);
}

function appendSet(parts: string[], { name, directions }: NonNullable<Rule['set']>): void {
  parts.push(' -m set --match-set ', name, ' ', directions);
}

function appendVirtual(parts: string[], { ip, protocol, port }: VirtualAddress): void {
  parts.push(' -m ipvs --vaddr ', ip, ' --vproto ', protocol, ' --vport ', String(port));
}

function appendRecent(parts: string[], { name, seconds }: NonNullable<Rule['recent']>): void {
  parts.push(' -m recent --name ', name);
  if (seconds === undefined) parts.push(' --set');
  else parts.push(' --rcheck --seconds ', String(seconds), ' --reap');
}

/** The tools print one host as /32 or /128 on saving; we, like upstream, write it bare. */
export function withoutHostPrefix(address: string): string {
  return address.endsWith('/32') && !address.includes(':')
    ? address.slice(0, -3)
    : address.endsWith('/128')
      ? address.slice(0, -4)
      : address;
}

/** A mark as kube-proxy prints it: at least eight hexadecimal digits (spec § 4.2). */
export function formatMark(mark: number): string {
  return `0x${(mark >>> 0).toString(16).padStart(8, '0')}`;
}

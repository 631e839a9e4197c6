/** How long what an upstream said may be kept, and whether it may be kept at all (dns § 6, RFC 2308). */
import { type Message, readMessage } from '../wire/forwarded.ts';
import { expandName, lowerCase } from '../wire/name.ts';
import { HEADER_BYTES, type MessageRecord, RECORD_FIXED_BYTES, uint16 } from '../wire/query.ts';
import { CLASS_IN, RCODE, TYPE } from '../wire/question.ts';
import { isTruncated } from './exchange.ts';

/** Upper bounds, in seconds. */
export interface TtlLimits {
  readonly positive: number;
  readonly negative: number;
}

/** `success`: there are records; `denial`: there is no such name or type; `failure`: the server could not find out. */
export type AnswerKind = 'success' | 'denial' | 'failure';

export interface Lifetime {
  readonly kind: AnswerKind;
  /** Whole; 0: it is not kept. */
  readonly seconds: number;
  /** What the records may say at most: nobody keeps them for longer than we do. */
  readonly maxTtl: number;
}

/** SERVFAIL may be gone in a moment, and until then asking again and again helps nobody (RFC 2308 § 7.1, RFC 9520). */
const FAILURE_SECONDS = 5;
const RRSIG = 46;
const DNAME = 39;

/** Undefined: the message is malformed, and no answer at all. */
export function lifetimeOf(bytes: Uint8Array, type: number, limits: TtlLimits): Lifetime | undefined {
  const message = readMessage(bytes);
  const chain = message && aliasChain(message);
  if (message === undefined || chain === undefined) return undefined;
  const { positive, negative } = limits;
  if (isTruncated(bytes)) return { kind: 'success', seconds: 0, maxTtl: positive };
  const { rcode } = message;
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) {
    return { kind: 'failure', seconds: rcode === RCODE.SERVFAIL ? FAILURE_SECONDS : 0, maxTtl: positive };
  }
  const [answer] = message.sections;
  const isStraight = answer.every((record) => chain.names.has(ownerOf(message, record) ?? ''));
  const hasType = answer.some(({ fixed }) => uint16(bytes, fixed) === type);
  if (rcode === RCODE.NOERROR && hasType) {
    const seconds = isStraight ? Math.min(positive, smallestTtl(message)) : 0;
    return { kind: 'success', seconds, maxTtl: positive };
  }
  const maxTtl = Math.min(negative, denialSeconds(message, chain.end));
  return { kind: 'denial', seconds: isStraight ? Math.min(maxTtl, smallestTtl(message)) : 0, maxTtl };
}

/** Makes records say no more than they may. */
export function limitTtls(bytes: Uint8Array, maxTtl: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const { fixed } of recordsOf(readMessage(bytes))) {
    if (view.getUint32(fixed + 4) > maxTtl) view.setUint32(fixed + 4, maxTtl);
  }
}

interface Chain {
  /** Expanded, lower case, as latin1 text: all names that records of the answer may have. */
  readonly names: ReadonlySet<string>;
  /** The name that is no alias. */
  readonly end: string;
}

/** From the name that was asked by CNAME records, which may stand in any order. Undefined: malformed. */
function aliasChain(message: Message): Chain | undefined {
  const { bytes, sections } = message;
  const targets = new Map<string, string>();
  const names = new Set<string>();
  for (const record of sections[0]) {
    const owner = ownerOf(message, record);
    if (owner === undefined) return undefined;
    const type = uint16(bytes, record.fixed);
    if (type === TYPE.CNAME) {
      const target = nameAt(bytes, record.fixed + RECORD_FIXED_BYTES);
      if (target === undefined) return undefined;
      targets.set(owner, target);
    } else if (
      type === DNAME ||
      (type === RRSIG && uint16(bytes, record.fixed + RECORD_FIXED_BYTES) === DNAME)
    ) {
      // It redirects all names below; the CNAME that follows from it is in the answer too (RFC 6672 § 3.1).
      names.add(owner);
    }
  }
  const asked = nameAt(bytes, HEADER_BYTES);
  if (asked === undefined) return undefined;
  let end = asked;
  while (!names.has(end)) {
    names.add(end);
    const target = targets.get(end);
    if (target === undefined) break;
    end = target;
  }
  return { names, end };
}

function ownerOf({ bytes }: Message, { start }: MessageRecord): string | undefined {
  return nameAt(bytes, start);
}

function nameAt(bytes: Uint8Array, at: number): string | undefined {
  const name = expandName(bytes, at);
  return name && Buffer.from(name.map(lowerCase)).toString('latin1');
}

/**
 * How long a denial holds: the smaller one of the SOA's TTL and minimum, of a zone that the name lies in (RFC 2308 § 5). Without
 * such a SOA it is not to be kept.
 */
function denialSeconds(message: Message, name: string): number {
  const { bytes, sections } = message;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const record of sections[1]) {
    if (uint16(bytes, record.fixed) !== TYPE.SOA || uint16(bytes, record.fixed + 2) !== CLASS_IN) continue;
    const zone = ownerOf(message, record);
    if (zone === undefined || !isWithin(name, zone) || record.end - record.fixed < RECORD_FIXED_BYTES + 22)
      return 0;
    return Math.min(view.getUint32(record.fixed + 4), view.getUint32(record.end - 4));
  }
  return 0;
}

/** Of names as bytes: a zone's are the end of the name's, from the beginning of a label on. */
function isWithin(name: string, zone: string): boolean {
  for (let at = 0; at < name.length; at += 1 + name.charCodeAt(at)) {
    if (name.length - at === zone.length) return name.slice(at) === zone;
  }
  return false;
}

function smallestTtl(message: Message): number {
  const view = new DataView(message.bytes.buffer, message.bytes.byteOffset, message.bytes.length);
  let smallest = Number.POSITIVE_INFINITY;
  for (const { fixed } of recordsOf(message)) {
    const ttl = view.getUint32(fixed + 4);
    // With the highest bit set it is to be taken for zero (RFC 2181 § 8).
    smallest = Math.min(smallest, ttl > 0x7fff_ffff ? 0 : ttl);
  }
  return smallest;
}

function recordsOf(message: Message | undefined): readonly MessageRecord[] {
  return message?.sections.flat() ?? [];
}

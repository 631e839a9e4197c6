/**
 * Queries: from the bytes of a message to a question, and what is said to it whatever the name (dns § 3, 5); and back. Only the
 * question and OPT are looked at; what is wrong with them is answered, and never thrown.
 */
import { type Answer, bareAnswer } from './answer.ts';
import { encodeName, MAX_LABEL_BYTES, MAX_NAME_BYTES, POINTER_BITS, skipName } from './name.ts';
import { CLASS_IN, type Question, RCODE, TYPE } from './question.ts';
import { ASKED, encodeRecords } from './records.ts';

export const HEADER_BYTES = 12;
/** OPT without options: root, type, size, extended rcode, version, flags, length of data. */
export const OPT_BYTES = 11;
/** Of a record: type, class, TTL, length of its data. */
export const RECORD_FIXED_BYTES = 10;

interface Edns {
  /** The largest UDP message that the client takes, as it says. */
  readonly udpSize: number;
  /** Flag DO. */
  readonly dnssec: boolean;
}

export interface Query {
  /** The message as it came. It may be a part of a buffer that is used again: see {@link keepQuery}. */
  readonly bytes: Uint8Array;
  readonly question: Question;
  /** Where the question ends in `bytes`; `HEADER_BYTES` where there is none that could be read. */
  readonly questionEnd: number;
  readonly edns: Edns | undefined;
  /** What is said whatever is known of the name. */
  readonly settled: Answer | undefined;
}

/** Undefined: nothing is to be said, since it is no query at all. */
export function parseQuery(bytes: Uint8Array): Query | undefined {
  if (bytes.length < HEADER_BYTES || isResponse(bytes)) return undefined;
  const question = questionCount(bytes) === 1 ? parseQuestion(bytes) : undefined;
  if (question === undefined) return unreadable(bytes, HEADER_BYTES, NO_QUESTION);
  const edns = hasNothingElse(bytes) ? undefined : findEdns(bytes, questionEnd);
  if (edns === 'malformed') return unreadable(bytes, questionEnd, question);
  return { bytes, question, questionEnd, edns, settled: settle(bytes, question, edns) };
}

/** The same query with bytes of its own: what is answered later needs them. */
export function keepQuery(query: Query): Query {
  // Of a Buffer slice() makes no copy.
  return { ...query, bytes: new Uint8Array(query.bytes.subarray(0, query.questionEnd)) };
}

const NO_QUESTION: Question = { name: '', type: 0, class: 0 };

function unreadable(bytes: Uint8Array, end: number, question: Question): Query {
  const settled = opcodeOf(bytes) === 0 ? FORMAT_ERROR : NOT_IMPLEMENTED;
  return { bytes, question, questionEnd: end, edns: undefined, settled };
}

function settle(bytes: Uint8Array, question: Question, edns: FoundEdns | undefined): Answer | undefined {
  if (opcodeOf(bytes) !== 0) return NOT_IMPLEMENTED;
  if (edns !== undefined && edns.version !== 0) return BAD_VERSION;
  if (question.class !== CLASS_IN) return REFUSED;
  const { type } = question;
  if (type < TYPE.IXFR && type !== TYPE.OPT) return undefined;
  if (type === TYPE.AXFR || type === TYPE.IXFR || type === TYPE.OPT) return REFUSED;
  return type === TYPE.ANY ? ANYTHING : undefined;
}

/** Of the question that was parsed last: a second result, without an object for it. */
let questionEnd = HEADER_BYTES;
const text = Buffer.alloc(2 * MAX_NAME_BYTES);

/** Undefined: it is cut off, has a pointer, or a name that is too long. */
function parseQuestion(bytes: Uint8Array): Question | undefined {
  let at = HEADER_BYTES;
  let written = 0;
  for (;;) {
    const length = bytes[at] ?? POINTER_BITS;
    if (length === 0) break;
    const end = at + 1 + length;
    // The final empty label counts too.
    if (length > MAX_LABEL_BYTES || end - HEADER_BYTES >= MAX_NAME_BYTES || end >= bytes.length)
      return undefined;
    if (written > 0) text[written++] = DOT;
    for (at += 1; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === DOT || byte === BACKSLASH) text[written++] = BACKSLASH;
      text[written++] = byte >= UPPER_A && byte <= UPPER_Z ? byte | CASE_BIT : byte;
    }
  }
  if (at + 5 > bytes.length) return undefined;
  questionEnd = at + 5;
  return {
    name: text.toString('latin1', 0, written),
    type: uint16(bytes, at + 1),
    class: uint16(bytes, at + 3),
  };
}

const DOT = 0x2e;
const BACKSLASH = 0x5c;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const CASE_BIT = 0x20;

interface FoundEdns extends Edns {
  readonly version: number;
}

/** Goes over all records behind the question, whatever their section says they are. */
function findEdns(bytes: Uint8Array, start: number): FoundEdns | 'malformed' | undefined {
  const others = uint16(bytes, 6) + uint16(bytes, 8);
  const count = others + uint16(bytes, 10);
  let found: FoundEdns | undefined;
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const record = recordAt(bytes, at);
    if (record === undefined) return 'malformed';
    const { fixed, end } = record;
    if (index >= others && uint16(bytes, fixed) === TYPE.OPT) {
      // There is one at most, and its owner is the root (RFC 6891 § 6.1.1).
      if (found !== undefined || fixed !== at + 1) return 'malformed';
      if (!areOptions(bytes, fixed + RECORD_FIXED_BYTES, end)) return 'malformed';
      found = {
        udpSize: uint16(bytes, fixed + 2),
        version: bytes[fixed + 5] ?? 0,
        dnssec: ((bytes[fixed + 6] ?? 0) & 0x80) !== 0,
      };
    }
    at = end;
  }
  return found;
}

/** A record of a message: owner, fixed part, data. */
export interface MessageRecord {
  readonly start: number;
  readonly fixed: number;
  readonly end: number;
}

/** Undefined: it is cut off, or its owner is malformed. */
export function recordAt(bytes: Uint8Array, start: number): MessageRecord | undefined {
  const fixed = skipName(bytes, start);
  if (fixed === undefined || fixed + RECORD_FIXED_BYTES > bytes.length) return undefined;
  const end = fixed + RECORD_FIXED_BYTES + uint16(bytes, fixed + 8);
  return end > bytes.length ? undefined : { start, fixed, end };
}

/** Code, length, that many bytes; what they mean is nobody's business here. */
function areOptions(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at + 4 <= end) at += 4 + uint16(bytes, at + 2);
  return at === end;
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Flag QR. */
export function isResponse(bytes: Uint8Array): boolean {
  return ((bytes[2] ?? 0) & 0x80) !== 0;
}

/** 0: a standard query. */
export function opcodeOf(bytes: Uint8Array): number {
  return ((bytes[2] ?? 0) >> 3) & 0x0f;
}

/** Without the upper bits that EDNS has. */
export function rcodeOf(bytes: Uint8Array): number {
  return (bytes[3] ?? 0) & 0x0f;
}

function questionCount(bytes: Uint8Array): number {
  return uint16(bytes, 4);
}

function hasNothingElse(bytes: Uint8Array): boolean {
  return (uint16(bytes, 6) | uint16(bytes, 8) | uint16(bytes, 10)) === 0;
}

const FORMAT_ERROR = bareAnswer(RCODE.FORMERR);
const NOT_IMPLEMENTED = bareAnswer(RCODE.NOTIMP);
const REFUSED = bareAnswer(RCODE.REFUSED);
const BAD_VERSION = bareAnswer(RCODE.BADVERS);

/** Who asks for everything gets something small (RFC 8482 § 4.2): HINFO, with the TTL that the RFC's example has. */
const ANYTHING: Answer = {
  ...bareAnswer(RCODE.NOERROR),
  answer: encodeRecords([{ name: ASKED, ttlSeconds: 3789, data: { type: 'HINFO', cpu: 'RFC8482', os: '' } }]),
};

/** Of a query of our own. */
interface QueryOptions {
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly edns?: Edns | undefined;
}

/** A query of our own; undefined if there can be no such name. */
export function encodeQuery(
  question: Question,
  { id, recursionDesired, edns }: QueryOptions,
): Uint8Array | undefined {
  const name = encodeName(question.name);
  if (name === undefined) return undefined;
  const end = HEADER_BYTES + name.length + 4;
  const bytes = new Uint8Array(end + (edns === undefined ? 0 : OPT_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint8(2, recursionDesired ? 1 : 0);
  view.setUint16(4, 1);
  bytes.set(name, HEADER_BYTES);
  view.setUint16(end - 4, question.type);
  view.setUint16(end - 2, question.class);
  if (edns !== undefined) {
    view.setUint16(10, 1);
    view.setUint16(end + 1, TYPE.OPT);
    view.setUint16(end + 3, edns.udpSize);
    view.setUint16(end + 7, edns.dnssec ? 0x8000 : 0);
  }
  return bytes;
}

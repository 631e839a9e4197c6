/** What another server said, as an answer of ours: for the same question, for another name, or for an alias. */
import { type Alias, type Answer, NO_RECORDS, type RecordList } from './answer.ts';
import { expandName, lowerCase, skipName } from './name.ts';
import {
  HEADER_BYTES,
  type MessageRecord,
  type Query,
  RECORD_FIXED_BYTES,
  rcodeOf,
  recordAt,
  uint16,
} from './query.ts';
import { TYPE } from './question.ts';

/** What an answer gets that is older than it may be (RFC 8767 § 5). */
const STALE_TTL = 30;
/** A pointer has 14 bits. */
const POINTER_LIMIT = 0x4000;

/** How old what was said is. */
export interface Age {
  readonly ageMs: number;
  /** It is older than it may be. */
  readonly isStale: boolean;
}

const NEW: Age = { ageMs: 0, isStale: false };

export interface Message {
  readonly bytes: Uint8Array;
  readonly rcode: number;
  /** Flag AD: who said it has verified its signatures. */
  readonly isAuthentic: boolean;
  readonly questionEnd: number;
  /** Answer, authority, additional; OPT is left out. */
  readonly sections: readonly [readonly MessageRecord[], readonly MessageRecord[], readonly MessageRecord[]];
  /** Nothing stood between the records but what is there still: pointers into them lead where they led. */
  readonly isContiguous: boolean;
}

/**
 * The answer to a query for the same name and type that went to another server; undefined if the message is malformed. Names in
 * it are as compressed as they were, if they may be.
 */
export function answerFromMessage(query: Query, message: Uint8Array, age: Age): Answer | undefined {
  const read = readMessage(message);
  if (read === undefined) return undefined;
  // Pointers may lead into the name that was asked, which is another one if this one was rewritten.
  if (!read.isContiguous || !hasSameName(read, query)) return inFull(read, age);
  return asTheyAre(read, age);
}

/** All records in one copy, since names in them may point to each other. */
function asTheyAre(message: Message, age: Age): Answer {
  const { bytes, questionEnd } = message;
  // Of a Buffer slice() makes no copy.
  const records = new Uint8Array(bytes.subarray(questionEnd));
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  return toAnswer(message, (list) => {
    const [first] = list;
    if (first === undefined) return NO_RECORDS;
    const offsets = [0];
    for (const { fixed, end } of list) {
      setAge(view, fixed - questionEnd, age);
      offsets.push(end - first.start);
    }
    const start = first.start - questionEnd;
    return { bytes: records.subarray(start, start + (offsets.at(-1) ?? 0)), offsets };
  });
}

/**
 * The answer for a name that is an alias: its CNAME record, and behind it what a message says of the target. The message is of
 * another server, or one that {@link buildResponse} made of an answer of ours. Undefined if it is malformed.
 */
export function answerBehindAlias(
  query: Query,
  alias: Alias,
  message: Uint8Array,
  age: Age = NEW,
): Answer | undefined {
  const read = readMessage(message);
  const target = read && inFull(read, age, query.questionEnd + 2 + RECORD_FIXED_BYTES);
  if (target === undefined) return undefined;
  // The alias is ours, and has no signature.
  return {
    ...target,
    isAuthentic: false,
    authoritative: true,
    answer: concatenate([alias.cname, target.answer]),
  };
}

function concatenate(lists: readonly RecordList[]): RecordList {
  return recordList(
    lists.flatMap(({ bytes, offsets }) =>
      offsets.slice(1).map((end, index) => bytes.subarray(offsets[index], end)),
    ),
  );
}

function recordList(records: readonly Uint8Array[]): RecordList {
  const offsets = [0];
  let size = 0;
  for (const { length } of records) {
    size += length;
    offsets.push(size);
  }
  return { bytes: Buffer.concat(records), offsets };
}

function toAnswer(message: Message, section: (records: readonly MessageRecord[]) => RecordList): Answer {
  const [answer, authority, additional] = message.sections;
  return {
    rcode: message.rcode,
    authoritative: false,
    answer: section(answer),
    authority: section(authority),
    additional: section(additional),
    rotates: false,
    ...(message.isAuthentic ? { isAuthentic: true } : {}),
  };
}

/**
 * Names in full, so that the records can stand in any message; but owners that are the name that was asked point to where that
 * stands in the new message.
 */
function inFull(message: Message, age: Age, askedAt = HEADER_BYTES): Answer | undefined {
  const { bytes } = message;
  const asked = lowerCased(expandName(bytes, HEADER_BYTES));
  if (asked === undefined) return undefined;
  let isMalformed = false;
  const encode = (record: MessageRecord): Uint8Array => {
    const owner = expandName(bytes, record.fixed === record.start ? -1 : record.start);
    const data = dataInFull(bytes, record);
    if (owner === undefined || data === undefined) {
      isMalformed = true;
      return bytes.subarray(0, 0);
    }
    const isAsked = askedAt < POINTER_LIMIT && lowerCased(owner)?.equals(asked) === true;
    const name = isAsked ? Uint8Array.of(0xc0 | (askedAt >> 8), askedAt & 0xff) : owner;
    const fixed = new Uint8Array(bytes.subarray(record.fixed, record.fixed + RECORD_FIXED_BYTES));
    fixed[8] = data.length >> 8;
    fixed[9] = data.length & 0xff;
    return withAge(Buffer.concat([name, fixed, data]), name.length, age);
  };
  const answer = toAnswer(message, (records) => recordList(records.map(encode)));
  return isMalformed ? undefined : answer;
}

function hasSameName({ bytes, questionEnd }: Message, query: Query): boolean {
  if (questionEnd !== query.questionEnd) return false;
  for (let at = HEADER_BYTES; at < questionEnd; at += 1) {
    if (lowerCase(bytes[at] ?? 0) !== lowerCase(query.bytes[at] ?? 0)) return false;
  }
  return true;
}

function lowerCased(name: Uint8Array | undefined): Buffer | undefined {
  return name && Buffer.from(name.map(lowerCase));
}

/** Of data with names that may be compressed (RFC 3597 § 4): bytes before them, and how many there are. */
const NAMES_IN_DATA: ReadonlyMap<number, readonly [before: number, names: number]> = new Map([
  [TYPE.NS, [0, 1]],
  [3, [0, 1]], // MD
  [4, [0, 1]], // MF
  [TYPE.CNAME, [0, 1]],
  [TYPE.SOA, [0, 2]],
  [7, [0, 1]], // MB
  [8, [0, 1]], // MG
  [9, [0, 1]], // MR
  [TYPE.PTR, [0, 1]],
  [14, [0, 2]], // MINFO
  [15, [2, 1]], // MX
  [17, [0, 2]], // RP
  [18, [2, 1]], // AFSDB
  [21, [2, 1]], // RT
  [TYPE.SRV, [6, 1]],
  [36, [2, 1]], // KX
  [39, [0, 1]], // DNAME
]);

function dataInFull(bytes: Uint8Array, { fixed, end }: MessageRecord): Uint8Array | undefined {
  const start = fixed + RECORD_FIXED_BYTES;
  const form = NAMES_IN_DATA.get(uint16(bytes, fixed));
  if (form === undefined || start === end) return bytes.subarray(start, end);
  const [before, names] = form;
  const parts = [bytes.subarray(start, start + before)];
  let at = start + before;
  for (let index = 0; index < names; index += 1) {
    const after = skipName(bytes, at);
    const name = expandName(bytes, at);
    if (name === undefined || after === undefined || after > end) return undefined;
    parts.push(name);
    at = after;
  }
  return Buffer.concat([...parts, bytes.subarray(at, end)]);
}

/** Changes the TTL of an encoded record. */
function withAge(record: Uint8Array, fixed: number, age: Age): Uint8Array {
  setAge(new DataView(record.buffer, record.byteOffset, record.length), fixed, age);
  return record;
}

function setAge(view: DataView, fixed: number, { ageMs, isStale }: Age): void {
  const ttl = view.getUint32(fixed + 4);
  view.setUint32(fixed + 4, isStale ? STALE_TTL : Math.max(0, ttl - Math.floor(ageMs / 1000)));
}

/** Undefined if it is malformed, or is not about exactly one question. */
export function readMessage(bytes: Uint8Array): Message | undefined {
  if (bytes.length < HEADER_BYTES || uint16(bytes, 4) !== 1) return undefined;
  const nameEnd = skipName(bytes, HEADER_BYTES);
  if (nameEnd === undefined || nameEnd + 4 > bytes.length) return undefined;
  const questionEnd = nameEnd + 4;
  const records = readRecords(bytes, questionEnd);
  if (records === undefined) return undefined;
  const answers = uint16(bytes, 6);
  const others = answers + uint16(bytes, 8);
  const isOpt = ({ fixed }: MessageRecord): boolean => uint16(bytes, fixed) === TYPE.OPT;
  const opt = records.findIndex(isOpt);
  const extended = opt < 0 ? 0 : (bytes[(records[opt]?.fixed ?? 0) + 4] ?? 0) << 4;
  return {
    bytes,
    rcode: extended | rcodeOf(bytes),
    isAuthentic: ((bytes[3] ?? 0) & 0x20) !== 0,
    questionEnd,
    sections: [
      records.slice(0, answers).filter((record) => !isOpt(record)),
      records.slice(answers, others).filter((record) => !isOpt(record)),
      records.slice(others).filter((record) => !isOpt(record)),
    ],
    isContiguous: opt < 0 || opt === records.length - 1,
  };
}

function readRecords(bytes: Uint8Array, start: number): readonly MessageRecord[] | undefined {
  const count = uint16(bytes, 6) + uint16(bytes, 8) + uint16(bytes, 10);
  const records: MessageRecord[] = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const record = recordAt(bytes, at);
    if (record === undefined) return undefined;
    records.push(record);
    at = record.end;
  }
  return records;
}

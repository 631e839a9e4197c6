/** From an answer to the bytes of a response (dns § 5): the question as it was asked, flags, records as far as there is room, EDNS. */
import type { Answer, RecordList } from './answer.ts';
import { HEADER_BYTES, OPT_BYTES, type Query } from './query.ts';
import { TYPE } from './question.ts';

/** What every client takes by UDP that says nothing else (RFC 1035 § 4.2.1). */
const PLAIN_UDP_BYTES = 512;
const TCP_BYTES = 65_535;

const FLAG_RESPONSE = 0x80;
const FLAG_AUTHORITATIVE = 0x04;
const FLAG_TRUNCATED = 0x02;
const FLAG_RECURSION_AVAILABLE = 0x80;
/** Opcode and RD, which are said again. */
const REPEATED_FLAGS = 0x79;
/** CD. */
const REPEATED_LOWER_FLAGS = 0x10;
/** AD: in a query it says that the client knows what it means in a response (RFC 6840 § 5.7). */
const FLAG_AUTHENTIC = 0x20;

export interface ResponseOptions {
  readonly transport: 'udp' | 'tcp';
  /** The largest UDP message that this server sends; at least 512. */
  readonly udpSize: number;
  /** Flag RA: names of others are looked up. */
  readonly recursionAvailable: boolean;
  /** Where to begin when records rotate, as a share of them: 0 ≤ start < 1. */
  readonly start: number;
}

/**
 * The response. An answer that does not fit is cut: first the additional records go; if more has to, the flag TC tells the client
 * to come by TCP.
 */
export function buildResponse(query: Query, answer: Answer, options: ResponseOptions): Uint8Array {
  const { questionEnd, edns } = query;
  const optBytes = edns === undefined ? 0 : OPT_BYTES;
  const room = sizeLimit(query, options) - questionEnd - optBytes;
  const sections =
    answer.answer.bytes.length + answer.authority.bytes.length + answer.additional.bytes.length;
  if (sections > room) return buildCut(query, answer, options, room);
  const response = Buffer.allocUnsafe(questionEnd + sections + optBytes);
  writeHead(response, query, answer, options);
  const first = firstRecord(answer, options.start);
  let at =
    first === 0
      ? copyAll(answer.answer, response, questionEnd)
      : copyRotated(answer.answer, first, response, questionEnd);
  at = copyAll(answer.authority, response, at);
  at = copyAll(answer.additional, response, at);
  writeCounts(
    response,
    recordCount(answer.answer),
    recordCount(answer.authority),
    recordCount(answer.additional),
  );
  if (edns !== undefined) writeOpt(response, at, query, answer, options);
  return response;
}

function sizeLimit({ edns }: Query, { transport, udpSize }: ResponseOptions): number {
  if (transport === 'tcp') return TCP_BYTES;
  return edns === undefined ? PLAIN_UDP_BYTES : Math.max(PLAIN_UDP_BYTES, Math.min(edns.udpSize, udpSize));
}

/** Whole records only. Without additional records nothing is missing (RFC 2181 § 9). */
function buildCut(query: Query, answer: Answer, options: ResponseOptions, room: number): Uint8Array {
  const response = Buffer.allocUnsafe(query.questionEnd + room + OPT_BYTES);
  const limit = query.questionEnd + room;
  writeHead(response, query, answer, options);
  const cut: Cut = { response, at: query.questionEnd, limit, isWhole: true };
  const answers = copyFitting(answer.answer, firstRecord(answer, options.start), cut);
  const authorities = copyFitting(answer.authority, 0, cut);
  if (!cut.isWhole) response[2] = (response[2] ?? 0) | FLAG_TRUNCATED;
  const additionals = copyFitting(answer.additional, 0, cut);
  writeCounts(response, answers, authorities, additionals);
  if (query.edns === undefined) return response.subarray(0, cut.at);
  writeOpt(response, cut.at, query, answer, options);
  return response.subarray(0, cut.at + OPT_BYTES);
}

interface Cut {
  readonly response: Uint8Array;
  at: number;
  readonly limit: number;
  /** Nothing had to stay away so far; afterwards nothing follows. */
  isWhole: boolean;
}

function copyFitting({ bytes, offsets }: RecordList, first: number, cut: Cut): number {
  const count = offsets.length - 1;
  for (let copied = 0; copied < count; copied += 1) {
    const index = (first + copied) % count;
    const record = bytes.subarray(offsets[index], offsets[index + 1]);
    if (!cut.isWhole || cut.at + record.length > cut.limit) {
      cut.isWhole = false;
      return copied;
    }
    cut.response.set(record, cut.at);
    cut.at += record.length;
  }
  return count;
}

function recordCount(list: RecordList): number {
  return list.offsets.length - 1;
}

function firstRecord({ rotates, answer }: Answer, start: number): number {
  return rotates ? Math.floor(start * recordCount(answer)) : 0;
}

function copyAll({ bytes }: RecordList, response: Uint8Array, at: number): number {
  if (bytes.length > 0) response.set(bytes, at);
  return at + bytes.length;
}

function copyRotated(
  { bytes, offsets }: RecordList,
  first: number,
  response: Uint8Array,
  at: number,
): number {
  const turn = offsets[first] ?? 0;
  response.set(bytes.subarray(turn), at);
  response.set(bytes.subarray(0, turn), at + bytes.length - turn);
  return at + bytes.length;
}

function writeHead(response: Uint8Array, query: Query, answer: Answer, options: ResponseOptions): void {
  const { bytes, questionEnd } = query;
  // Bytes one by one: so few are copied faster than by a call.
  for (let at = 0; at < questionEnd; at += 1) response[at] = bytes[at] ?? 0;
  const flags = (response[2] ?? 0) & REPEATED_FLAGS;
  const lowerFlags = ((response[3] ?? 0) & REPEATED_LOWER_FLAGS) | authenticFlag(query, answer);
  response[2] = flags | FLAG_RESPONSE | (answer.authoritative ? FLAG_AUTHORITATIVE : 0);
  response[3] =
    lowerFlags | (options.recursionAvailable ? FLAG_RECURSION_AVAILABLE : 0) | (answer.rcode & 0x0f);
  response[4] = 0;
  response[5] = questionEnd > HEADER_BYTES ? 1 : 0;
}

function authenticFlag({ bytes, edns }: Query, { isAuthentic }: Answer): number {
  if (isAuthentic !== true) return 0;
  return edns?.dnssec === true ? FLAG_AUTHENTIC : (bytes[3] ?? 0) & FLAG_AUTHENTIC;
}

function writeCounts(response: Uint8Array, answers: number, authorities: number, additionals: number): void {
  writeUint16(response, 6, answers);
  writeUint16(response, 8, authorities);
  writeUint16(response, 10, additionals);
}

function writeOpt(
  response: Uint8Array,
  at: number,
  query: Query,
  answer: Answer,
  options: ResponseOptions,
): void {
  writeUint16(response, 10, ((response[10] ?? 0) << 8) + (response[11] ?? 0) + 1);
  response.fill(0, at, at + OPT_BYTES);
  response[at + 2] = TYPE.OPT;
  writeUint16(response, at + 3, options.udpSize);
  response[at + 5] = answer.rcode >> 4;
  // Said again, whether it is heeded or not (RFC 3225 § 3).
  response[at + 7] = query.edns?.dnssec === true ? 0x80 : 0;
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

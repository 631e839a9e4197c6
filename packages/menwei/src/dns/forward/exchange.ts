/** One question to one upstream, and what is accepted as the answer to it. */
import { lowerCase } from '../wire/name.ts';
import { encodeQuery, HEADER_BYTES, isResponse, opcodeOf, rcodeOf, uint16 } from '../wire/query.ts';
import { type Question, RCODE } from '../wire/question.ts';

/** What is asked. */
export interface Ask {
  readonly question: Question;
  /** Flag DO. */
  readonly dnssec: boolean;
  /** With EDNS; servers that know nothing of it are asked again without. */
  readonly edns: boolean;
}

/** A message that was accepted, or why there is none. */
export type Exchange = { readonly message: Uint8Array } | { readonly failed: string };

/** The largest answer by UDP that we ask for: it is not fragmented on its way (dns § 5). */
const UDP_SIZE = 1232;

/** Undefined: there is no such name. */
export function encodeAsk({ question, dnssec, edns }: Ask, id: number): Uint8Array | undefined {
  return encodeQuery(question, {
    id,
    recursionDesired: true,
    edns: edns ? { udpSize: UDP_SIZE, dnssec } : undefined,
  });
}

export function isTruncated(message: Uint8Array): boolean {
  return ((message[2] ?? 0) & 0x02) !== 0;
}

/**
 * Whether the bytes are the answer to what was sent: a response with its id and its question, letters of either case. A server
 * that could not read the query says so without a question.
 */
export function answers(message: Uint8Array, sent: Uint8Array): boolean {
  if (message.length < HEADER_BYTES || uint16(message, 0) !== uint16(sent, 0)) return false;
  if (!isResponse(message) || opcodeOf(message) !== 0) return false;
  const questions = uint16(message, 4);
  if (questions === 0) return message.length === HEADER_BYTES && isComplaint(rcodeOf(message));
  return questions === 1 && hasSameQuestion(message, sent);
}

/** FORMERR and NOTIMP: the query was not understood, as by a server that knows no EDNS (RFC 6891 § 7). */
export function isComplaint(rcode: number): boolean {
  return rcode === RCODE.FORMERR || rcode === RCODE.NOTIMP;
}

function hasSameQuestion(message: Uint8Array, sent: Uint8Array): boolean {
  let at = HEADER_BYTES;
  for (let length = sent[at] ?? 0; length > 0; length = sent[at] ?? 0) at += 1 + length;
  const typeAt = at + 1;
  if (message.length < typeAt + 4) return false;
  for (let index = HEADER_BYTES; index < typeAt; index += 1) {
    if (lowerCase(message[index] ?? 0) !== lowerCase(sent[index] ?? 0)) return false;
  }
  return (
    uint16(message, typeAt) === uint16(sent, typeAt) &&
    uint16(message, typeAt + 2) === uint16(sent, typeAt + 2)
  );
}

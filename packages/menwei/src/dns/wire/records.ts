/** Records as bytes (RFC 1035 § 3.2.1, RFC 2782, RFC 3596), to stand behind a question. */
import { addressBytes, familyOf } from '@menwei/addresses/ip.ts';
import type { RecordList } from './answer.ts';
import { encodeName } from './name.ts';
import { CLASS_IN, TYPE } from './question.ts';

/** Where the name of the question begins. */
const QUESTION_OFFSET = 12;
const POINTER = 0xc000;

/** A name in a record: any as text, or labels before the part of the question's name that begins at this offset in the message. */
export type RecordName = string | { readonly labels?: string; readonly at: number };

/** The name of the question itself. */
export const ASKED = { at: QUESTION_OFFSET } as const satisfies RecordName;

type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'NS' | 'CNAME' | 'PTR'; readonly target: RecordName }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'TXT'; readonly text: string }
  | { readonly type: 'HINFO'; readonly cpu: string; readonly os: string }
  | {
      readonly type: 'SOA';
      readonly mname: string;
      readonly rname: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    };

export interface ResourceRecord {
  readonly name: RecordName;
  readonly ttlSeconds: number;
  readonly data: RecordData;
}

/** The records of one section. A record with a name that can't be encoded is left out: no bytes are better than wrong ones. */
export function encodeRecords(records: readonly ResourceRecord[]): RecordList {
  const parts: Uint8Array[] = [];
  const offsets = [0];
  let size = 0;
  for (const record of records) {
    const bytes = encodeRecord(record);
    if (bytes === undefined) continue;
    parts.push(bytes);
    size += bytes.length;
    offsets.push(size);
  }
  return { bytes: concat(parts), offsets };
}

/** Of a question's name as text, where a suffix of it begins in the message. */
export function offsetOfSuffix(name: string, suffixStart: number): number {
  const before = name.slice(0, suffixStart);
  // A label's length takes the place of the dot before it.
  return QUESTION_OFFSET + before.replaceAll(/\\(.)/gs, '$1').length;
}

function encodeRecord({ name, ttlSeconds, data }: ResourceRecord): Uint8Array | undefined {
  const owner = encodeRecordName(name);
  const rdata = encodeData(data);
  if (owner === undefined || rdata === undefined || rdata.length > 0xffff) return undefined;
  const bytes = Buffer.allocUnsafe(owner.length + 10 + rdata.length);
  bytes.set(owner, 0);
  let at = bytes.writeUInt16BE(TYPE[data.type], owner.length);
  at = bytes.writeUInt16BE(CLASS_IN, at);
  at = bytes.writeUInt32BE(ttlSeconds, at);
  at = bytes.writeUInt16BE(rdata.length, at);
  bytes.set(rdata, at);
  return bytes;
}

function encodeRecordName(name: RecordName): Uint8Array | undefined {
  if (typeof name === 'string') return encodeName(name);
  const pointer = uint16(POINTER | name.at);
  if (name.labels === undefined) return pointer;
  return joined(encodeName(name.labels)?.subarray(0, -1), pointer);
}

function encodeData(data: RecordData): Uint8Array | undefined {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return encodeAddress(data.type, data.address);
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return encodeRecordName(data.target);
    case 'SRV':
      // A target may not be a pointer (RFC 2782).
      return joined(uint16(data.priority), uint16(data.weight), uint16(data.port), encodeName(data.target));
    case 'TXT':
      return encodeString(data.text);
    case 'HINFO':
      return joined(encodeString(data.cpu), encodeString(data.os));
    case 'SOA':
      return encodeSoa(data);
  }
}

function encodeAddress(type: 'A' | 'AAAA', address: string): Uint8Array | undefined {
  const isFitting = familyOf(address) === (type === 'A' ? 'IPv4' : 'IPv6');
  return isFitting ? Uint8Array.from(addressBytes(address)) : undefined;
}

function encodeSoa(soa: RecordData & { readonly type: 'SOA' }): Uint8Array | undefined {
  const numbers = [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum];
  return joined(encodeName(soa.mname), encodeName(soa.rname), ...numbers.map(uint32));
}

/** At most 255 bytes (RFC 1035 § 3.3). */
function encodeString(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'latin1');
  return bytes.length > 255 ? undefined : Uint8Array.from([bytes.length, ...bytes]);
}

function joined(...parts: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? concat(known) : undefined;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.from([(value >> 8) & 0xff, value & 0xff]);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.from([value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]);
}

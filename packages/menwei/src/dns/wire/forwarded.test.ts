/** What other servers say, compressed as they may compress it, and what becomes of it. */
import { type Answer as DecodedRecord, decode, encode, type RecordClass } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Age, answerBehindAlias, answerFromMessage } from './forwarded.ts';
import { encodeName } from './name.ts';
import { encodeQuery, parseQuery, type Query } from './query.ts';
import { TYPE } from './question.ts';
import { encodeRecords } from './records.ts';
import { buildResponse } from './response.ts';

const NEW: Age = { ageMs: 0, isStale: false };
const label = fc.stringMatching(/^[a-z]{1,4}$/);
const name = fc
  .array(label, { minLength: 1, maxLength: 3 })
  .map((labels) => `${labels.join('.')}.example.org`);
const seconds = fc.nat(100_000);
const IN: RecordClass = 'IN';

const record: fc.Arbitrary<DecodedRecord> = fc.oneof(
  fc.record({ type: fc.constant('A' as const), name, ttl: seconds, class: fc.constant(IN), data: fc.ipV4() }),
  fc.record({
    type: fc.constantFrom('CNAME', 'NS', 'PTR'),
    name,
    ttl: seconds,
    class: fc.constant(IN),
    data: name,
  }),
  fc.record({
    type: fc.constant('MX' as const),
    name,
    ttl: seconds,
    class: fc.constant(IN),
    data: fc.record({ preference: fc.nat(100), exchange: name }),
  }),
  fc.record({
    type: fc.constant('SRV' as const),
    name,
    ttl: seconds,
    class: fc.constant(IN),
    data: fc.record({ priority: fc.nat(9), weight: fc.nat(9), port: fc.nat(65_535), target: name }),
  }),
  fc.record({
    type: fc.constant('SOA' as const),
    name,
    ttl: seconds,
    class: fc.constant(IN),
    data: fc.record({
      mname: name,
      rname: name,
      serial: fc.nat(),
      refresh: fc.nat(),
      retry: fc.nat(),
      expire: fc.nat(),
      minimum: fc.nat(),
    }),
  }),
);
const sections = fc.record({
  answers: fc.array(record, { maxLength: 5 }),
  authorities: fc.array(record, { maxLength: 3 }),
  additionals: fc.array(record, { maxLength: 3 }),
});

describe('a message of another server', () => {
  it('says the same in a response of ours, to a question for the same name or for another one', () => {
    fc.assert(
      fc.property(name, name, sections, fc.boolean(), (asked, other, said, hasOpt) => {
        const message = compressed(asked, said, hasOpt);
        for (const question of [asked, other]) {
          const query = queryFor(question);
          const answer = answerFromMessage(query, message, NEW);
          expect(answer && read(query, answer)).toEqual(rename(said, asked, question));
        }
      }),
    );
  });

  it('says the same behind an alias', () => {
    fc.assert(
      fc.property(name, name, sections, (asked, target, said) => {
        const query = queryFor(asked);
        const cname = encodeRecords([{ name: { at: 12 }, ttlSeconds: 5, data: { type: 'CNAME', target } }]);
        const answer = answerBehindAlias(query, { target, cname }, compressed(target, said, false));
        const { answers, ...others } = said;
        const alias = { type: 'CNAME', name: asked, ttl: 5, class: 'IN', data: target };
        expect(answer && read(query, answer)).toEqual({ answers: [alias, ...answers], ...others });
        expect(answer?.authoritative).toBe(true);
      }),
    );
  });

  it('that is not one is not understood, and does no harm', () => {
    const good = compressed('a.example.org', { answers: [], authorities: [], additionals: [] }, true);
    const query = queryFor('b.example.org');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          spoilt(good),
          sections.chain((said) => spoilt(compressed('a.example.org', said, true))),
        ),
        (bytes) => {
          const cname = encodeRecords([
            { name: { at: 12 }, ttlSeconds: 5, data: { type: 'CNAME', target: 'a.example.org' } },
          ]);
          for (const answer of [
            answerFromMessage(query, bytes, NEW),
            answerBehindAlias(query, { target: 'a.example.org', cname }, bytes),
          ]) {
            if (answer !== undefined) buildResponse(query, answer, OPTIONS);
          }
        },
      ),
    );
  });

  it('is authentic for a client that knows what that means, but not behind an alias', () => {
    const message = compressed('a.example.org', { answers: [], authorities: [], additionals: [] }, false);
    message[3] = 0xa0;
    const [plain, knowing] = [queryFor('a.example.org'), queryFor('a.example.org')];
    knowing.bytes[3] = 0x20;
    const cname = encodeRecords([
      { name: { at: 12 }, ttlSeconds: 5, data: { type: 'CNAME', target: 'a.example.org' } },
    ]);
    const isAuthentic = (query: Query, answer: Parameters<typeof buildResponse>[1] | undefined) =>
      answer && decode(Buffer.from(buildResponse(query, answer, OPTIONS))).flag_ad;

    expect(isAuthentic(plain, answerFromMessage(plain, message, NEW))).toBe(false);
    expect(isAuthentic(knowing, answerFromMessage(knowing, message, NEW))).toBe(true);
    const alias = { target: 'a.example.org', cname };
    expect(isAuthentic(knowing, answerBehindAlias(knowing, alias, message))).toBe(false);
  });

  it('grows older', () => {
    const answers: DecodedRecord[] = [30, 3].map((ttl) => ({
      type: 'A',
      name: 'a.example.org',
      ttl,
      data: '10.0.0.1',
    }));
    const message = compressed('a.example.org', { answers, authorities: [], additionals: [] }, false);
    const query = queryFor('a.example.org');
    const ttls = (age: Age) => {
      const answer = answerFromMessage(query, message, age);
      return answer && read(query, answer).answers.map((one) => ('ttl' in one ? one.ttl : undefined));
    };

    expect(ttls({ ageMs: 4999, isStale: false })).toEqual([26, 0]);
    expect(ttls({ ageMs: 99_000, isStale: true })).toEqual([30, 30]);
  });
});

const OPTIONS = { transport: 'tcp', udpSize: 1232, recursionAvailable: true, start: 0 } as const;

interface Sections {
  readonly answers: readonly DecodedRecord[];
  readonly authorities: readonly DecodedRecord[];
  readonly additionals: readonly DecodedRecord[];
}

function queryFor(asked: string): Query {
  const bytes = encodeQuery({ name: asked, type: TYPE.A, class: 1 }, { id: 1, recursionDesired: true });
  const query = bytes && parseQuery(bytes);
  if (query === undefined) throw new Error(`no query for ${asked}`);
  return query;
}

function read(query: Query, answer: Parameters<typeof buildResponse>[1]): Sections {
  return sectionsOf(buildResponse(query, answer, OPTIONS));
}

function sectionsOf(message: Uint8Array): Sections {
  const { answers = [], authorities = [], additionals = [] } = decode(Buffer.from(message));
  const plain = (records: readonly DecodedRecord[]) =>
    records.map((one) => ('flush' in one ? withoutFlush(one) : one));
  return { answers: plain(answers), authorities: plain(authorities), additionals: plain(additionals) };
}

function withoutFlush({
  flush: _,
  ...record
}: DecodedRecord & { flush?: boolean | undefined }): DecodedRecord {
  return record;
}

/** Owners that are the name that was asked are those of the new question. */
function rename({ answers, authorities, additionals }: Sections, from: string, to: string): Sections {
  const all = (records: readonly DecodedRecord[]) =>
    records.map((one) => (one.name === from ? { ...one, name: to } : one));
  return { answers: all(answers), authorities: all(authorities), additionals: all(additionals) };
}

function spoilt(message: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(message.length - 1), fc.constantFrom(0, 0xc0, 0xff, 12, 1));
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    const copy = Uint8Array.from(message);
    for (const [at, byte] of changes) copy[at] = byte;
    return copy;
  });
}

/** As servers do: every name that stood before, or ends like one that did, points there. */
function compressed(asked: string, said: Sections, hasOpt: boolean): Uint8Array {
  const { answers, authorities, additionals } = said;
  const opt = Buffer.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
  const head = encode({ type: 'response', id: 1, questions: [{ type: 'A', name: asked, class: 'IN' }] });
  head.writeUInt16BE(answers.length, 6);
  head.writeUInt16BE(authorities.length, 8);
  head.writeUInt16BE(additionals.length + (hasOpt ? 1 : 0), 10);
  const places = new Map<string, number>();
  const bytes = [...head];
  remember(asked, 12);
  for (const one of [...answers, ...authorities, ...additionals]) writeRecord(one);
  return Uint8Array.from(hasOpt ? [...bytes, ...opt] : bytes);

  function remember(text: string, at: number): void {
    const labels = text.split('.');
    for (let index = 0, place = at; index < labels.length; index += 1) {
      const suffix = labels.slice(index).join('.');
      if (!places.has(suffix)) places.set(suffix, place);
      place += 1 + (labels[index]?.length ?? 0);
    }
  }

  function writeName(text: string): void {
    const labels = text.split('.');
    const known = labels.findIndex((_, index) => places.has(labels.slice(index).join('.')));
    const at = bytes.length;
    const own = known < 0 ? labels : labels.slice(0, known);
    bytes.push(...(encodeName(own.join('.')) ?? []).slice(0, -1));
    const place = known < 0 ? undefined : places.get(labels.slice(known).join('.'));
    bytes.push(...(place === undefined ? [0] : [0xc0 | (place >> 8), place & 0xff]));
    remember(text, at);
  }

  function writeRecord(one: DecodedRecord): void {
    const plain = encode({ type: 'response', answers: [one] });
    const data = [...plain.subarray(12 + one.name.length + 2 + 10)];
    writeName(one.name);
    bytes.push(...plain.subarray(12 + one.name.length + 2, 12 + one.name.length + 2 + 10));
    const start = bytes.length;
    writeData(one, data);
    bytes[start - 2] = (bytes.length - start) >> 8;
    bytes[start - 1] = (bytes.length - start) & 0xff;
  }

  function writeData(one: DecodedRecord, data: readonly number[]): void {
    switch (one.type) {
      case 'CNAME':
      case 'NS':
      case 'PTR':
        writeName(one.data);
        break;
      case 'MX':
        bytes.push(...data.slice(0, 2));
        writeName(one.data.exchange);
        break;
      case 'SRV':
        bytes.push(...data.slice(0, 6));
        writeName(one.data.target);
        break;
      case 'SOA':
        writeName(one.data.mname);
        writeName(one.data.rname);
        bytes.push(...data.slice(-20));
        break;
      default:
        bytes.push(...data);
    }
  }
}

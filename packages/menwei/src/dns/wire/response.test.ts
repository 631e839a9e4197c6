import { decode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, bareAnswer, NO_RECORDS, type RecordList } from './answer.ts';
import { encodeQuery, parseQuery, type Query } from './query.ts';
import { RCODE, TYPE } from './question.ts';
import { buildResponse, type ResponseOptions } from './response.ts';

const NAME = 'headless.default.svc.cluster.local';
const OPTIONS: ResponseOptions = { transport: 'udp', udpSize: 1232, recursionAvailable: false, start: 0 };

describe('a response', () => {
  it('repeats the question as it was spelt, and has the flags', () => {
    const bytes = Buffer.from(asked().bytes);
    bytes.write('HEADless', 13, 'latin1');
    const query = parsed(bytes);
    const response = decode(
      buffer(buildResponse(query, answerOf(3), { ...OPTIONS, recursionAvailable: true })),
    );

    expect(response).toMatchObject({
      id: 7,
      type: 'response',
      rcode: 'NOERROR',
      flag_aa: true,
      flag_rd: true,
      flag_ra: true,
      flag_tc: false,
      questions: [{ name: 'HEADless.default.svc.cluster.local', type: 'A', class: 'IN' }],
      answers: [1, 2, 3].map((n) => ({
        name: 'HEADless.default.svc.cluster.local',
        type: 'A',
        ttl: 5,
        data: `10.0.0.${n}`,
      })),
      additionals: [],
    });
  });

  it('of 20 addresses takes 372 bytes', () => {
    expect(buildResponse(asked(), answerOf(20), OPTIONS)).toHaveLength(372);
  });

  it('begins with any record when they rotate', () => {
    const rotating = { ...answerOf(4), rotates: true };
    const first = (start: number) => addresses(buildResponse(asked(), rotating, { ...OPTIONS, start }));

    expect(first(0)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
    expect(first(0.5)).toEqual(['10.0.0.3', '10.0.0.4', '10.0.0.1', '10.0.0.2']);
    expect(first(0.999999)).toEqual(['10.0.0.4', '10.0.0.1', '10.0.0.2', '10.0.0.3']);
  });

  it('has EDNS if the query has', () => {
    const opt = [
      { type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flag_do: true },
    ];

    expect(decode(buffer(buildResponse(asked(4096), answerOf(1), OPTIONS))).additionals).toMatchObject(opt);
    expect(decode(buffer(buildResponse(asked(), answerOf(1), OPTIONS))).additionals).toEqual([]);
    const badVersion = decode(buffer(buildResponse(asked(512), bareAnswer(RCODE.BADVERS), OPTIONS)));
    expect(badVersion).toMatchObject({ rcode: 'NOERROR', additionals: [{ extendedRcode: 1 }] });
  });

  it.each([
    { edns: undefined, transport: 'udp', limit: 512 },
    { edns: 0, transport: 'udp', limit: 512 },
    { edns: 512, transport: 'udp', limit: 512 },
    { edns: 1000, transport: 'udp', limit: 1000 },
    { edns: 1232, transport: 'udp', limit: 1232 },
    { edns: 4096, transport: 'udp', limit: 1232 },
    { edns: 512, transport: 'tcp', limit: 65_535 },
  ] as const)(
    'has at most $limit bytes by $transport for a client that says $edns',
    ({ edns, transport, limit }) => {
      const query = asked(edns);
      const room = limit - query.questionEnd - (edns === undefined ? 0 : 11);
      const fit = Math.floor(room / 16);
      const options = { ...OPTIONS, transport };

      const whole = decode(buffer(buildResponse(query, answerOf(fit), options)));
      expect(whole).toMatchObject({ flag_tc: false });
      expect(whole.answers).toHaveLength(fit);
      const cut = buildResponse(query, answerOf(fit + 1), options);
      expect(cut.length).toBeLessThanOrEqual(limit);
      expect(decode(buffer(cut))).toMatchObject({ flag_tc: true });
      expect(addresses(cut)).toHaveLength(fit);
    },
  );

  it('is whole without its additional records', () => {
    const answer = { ...answerOf(10), additional: answerOf(40).answer };
    const response = decode(buffer(buildResponse(asked(), answer, OPTIONS)));

    expect(response).toMatchObject({ flag_tc: false });
    expect(response.answers).toHaveLength(10);
    expect(response.additionals).toHaveLength(18);
  });

  it('has nothing behind records that are missing', () => {
    const answer = { ...answerOf(200), authority: answerOf(1).answer, additional: answerOf(1).answer };

    expect(decode(buffer(buildResponse(asked(4096), answer, OPTIONS)))).toMatchObject({
      flag_tc: true,
      authorities: [],
      additionals: [{ type: 'OPT' }],
    });
  });

  it('to what has no question has none', () => {
    const query = parsed(Uint8Array.of(0, 7, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0));

    expect(decode(buffer(buildResponse(query, query.settled ?? answerOf(0), OPTIONS)))).toMatchObject({
      id: 7,
      rcode: 'FORMERR',
      questions: [],
    });
  });

  it('is one that a client can read, whatever the bytes it sends', () => {
    const start = Buffer.from(asked(1232).bytes);
    const mutated = fc
      .array(fc.tuple(fc.nat(start.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
      .map((changes) => {
        const copy = Buffer.from(start);
        for (const [at, byte] of changes) copy[at] = byte;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), fc.nat(99), (bytes, count) => {
        const query = parseQuery(bytes);
        if (query === undefined) return;
        const response = buildResponse(query, query.settled ?? answerOf(count), OPTIONS);
        expect(response.length).toBeLessThanOrEqual(1232);
        expect(decode(buffer(response))).toMatchObject({
          id: (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0),
          type: 'response',
        });
      }),
    );
  });
});

function asked(udpSize?: number): Query {
  const edns = udpSize === undefined ? undefined : { udpSize, dnssec: true };
  return parsed(encodeQuery({ name: NAME, type: TYPE.A, class: 1 }, { id: 7, recursionDesired: true, edns }));
}

function parsed(bytes: Uint8Array | undefined): Query {
  const query = bytes && parseQuery(bytes);
  if (query === undefined) throw new Error('no query');
  return query;
}

/** That many A records, of 16 bytes each. */
function answerOf(count: number): Answer {
  return {
    ...bareAnswer(RCODE.NOERROR),
    authoritative: true,
    answer: addressRecords(count),
    authority: NO_RECORDS,
  };
}

function addressRecords(count: number): RecordList {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const records = numbers.flatMap((n) => [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, n >> 8, n & 0xff]);
  return { bytes: Uint8Array.from(records), offsets: [0, ...numbers.map((n) => n * 16)] };
}

function addresses(response: Uint8Array): readonly string[] {
  return (decode(buffer(response)).answers ?? []).flatMap((record) =>
    record.type === 'A' ? [record.data] : [],
  );
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

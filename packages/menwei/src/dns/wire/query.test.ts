import { encode, type Packet } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { encodeName } from './name.ts';
import { encodeQuery, keepQuery, parseQuery } from './query.ts';
import { RCODE, TYPE } from './question.ts';

const NAME = 'web.default.svc.cluster.local';

describe('a query', () => {
  it('is a question in lower case, and what the client says of itself', () => {
    const bytes = Buffer.concat([
      changed(query({ questions: [{ type: 'AAAA', name: 'Web.Default.svc.CLUSTER.local' }] }), { 11: 1 }),
      opt(0),
    ]);

    expect(parseQuery(bytes)).toMatchObject({
      question: { name: NAME, type: TYPE.AAAA, class: 1 },
      questionEnd: 12 + NAME.length + 2 + 4,
      edns: { udpSize: 4096, dnssec: false },
      settled: undefined,
    });
  });

  it.each(['', 'com', '1.0.0.10.in-addr.arpa', `${'a'.repeat(63)}.`.repeat(3) + 'b'.repeat(61)])(
    'may ask for %j',
    (name) => {
      const question = { name, type: TYPE.PTR, class: 1 };

      expect(parseQuery(encoded(question))).toMatchObject({ question, edns: undefined, settled: undefined });
    },
  );

  it('keeps labels with a dot apart from two labels, and bytes as they are', () => {
    const question = { name: 'a\\.b\\\\.\u00e9.example', type: TYPE.A, class: 1 };

    expect(parseQuery(encoded(question))?.question).toEqual(question);
    expect(Buffer.from(encodeName('a\\.b.c') ?? []).toString('latin1')).toBe('\x03a.b\x01c\0');
  });

  it('outlives the buffer it came in when it is kept', () => {
    const bytes = encoded({ name: NAME, type: TYPE.A, class: 1 });
    const parsed = parseQuery(bytes);
    const kept = parsed && keepQuery(parsed);
    const before = bytes.slice();
    bytes.fill(0);

    expect(kept?.bytes).toEqual(before);
  });

  it('may have EDNS options that nobody knows, and records that are nobody’s business', () => {
    const records = query({
      questions: [{ type: 'A', name: NAME }],
      authorities: [{ type: 'A', name: 'x.y', data: '10.0.0.1' }],
      additionals: [{ type: 'A', name: 'x.y', data: '10.0.0.1' }],
    });
    const bytes = Buffer.concat([changed(records, { 11: 2 }), opt(0, [0xfd, 0xe9, 0, 3, 1, 2, 3])]);

    expect(parseQuery(bytes)).toMatchObject({ edns: { udpSize: 4096, dnssec: false }, settled: undefined });
  });

  it('is not answered when it is a response, or has no header', () => {
    const bytes = query({ questions: [{ type: 'A', name: NAME }] });
    const response = Buffer.from(bytes);
    response[2] = 0x81;

    expect(parseQuery(response)).toBeUndefined();
    for (let size = 0; size < 12; size += 1) expect(parseQuery(bytes.subarray(0, size))).toBeUndefined();
  });
});

describe('what is answered whatever the name', () => {
  const plain = query({ questions: [{ type: 'A', name: NAME }] });

  it.each([
    ['no question', changed(plain, { 5: 0 })],
    ['two questions', changed(plain, { 5: 2 })],
    [
      'a pointer in the question',
      Buffer.concat([plain.subarray(0, 12), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]),
    ],
    ['a label of 64 bytes', changed(plain, { 12: 64 })],
    ['a label of a kind that is not known', changed(plain, { 12: 0x83 })],
    ['a name that is too long', longName()],
    ['a question that is cut off', plain.subarray(0, -1)],
    ['fewer records than it says', changed(plain, { 11: 1 })],
    ['two OPT records', withRecords(opt(0), opt(0))],
    ['an OPT record that has an owner', withRecords(Buffer.concat([Buffer.from([1, 0x61]), opt(0)]))],
    ['EDNS options that are cut off', withRecords(opt(0, [0, 10, 0, 8, 1]))],
  ])('FORMERR: %s', (_, bytes) => {
    expect(parseQuery(bytes)?.settled?.rcode).toBe(RCODE.FORMERR);
  });

  it.each([1, 2, 4, 5, 15])('NOTIMP: opcode %i', (opcode) => {
    expect(parseQuery(changed(plain, { 2: opcode << 3 }))?.settled?.rcode).toBe(RCODE.NOTIMP);
    expect(parseQuery(changed(plain, { 2: opcode << 3, 5: 0 }))?.settled?.rcode).toBe(RCODE.NOTIMP);
  });

  it('BADVERS: another version of EDNS', () => {
    expect(parseQuery(withRecords(opt(1)))).toMatchObject({
      edns: { udpSize: 4096 },
      settled: { rcode: RCODE.BADVERS },
    });
  });

  it.each([
    { type: TYPE.A, class: 3 },
    { type: TYPE.ANY, class: 255 },
    { type: TYPE.AXFR, class: 1 },
    { type: TYPE.IXFR, class: 1 },
  ])('REFUSED: type $type of class $class', (asked) => {
    expect(parseQuery(encoded({ name: NAME, ...asked }))?.settled?.rcode).toBe(RCODE.REFUSED);
  });

  it('a small record for ANY', () => {
    const settled = parseQuery(encoded({ name: NAME, type: TYPE.ANY, class: 1 }))?.settled;

    expect(settled?.rcode).toBe(RCODE.NOERROR);
    expect(settled?.answer.offsets).toHaveLength(2);
  });

  function withRecords(...records: readonly Buffer[]): Buffer {
    return Buffer.concat([changed(plain, { 11: records.length }), ...records]);
  }

  function longName(): Buffer {
    const label = Buffer.from([63, ...Array<number>(63).fill(0x61)]);
    const rest = Buffer.from([62, ...Array<number>(62).fill(0x61), 0, 0, 1, 0, 1]);
    return Buffer.concat([plain.subarray(0, 12), label, label, label, rest]);
  }
});

function query(packet: Packet): Buffer {
  return encode({ type: 'query', id: 7, flags: 0x100, ...packet });
}

function encoded(question: { name: string; type: number; class: number }): Uint8Array {
  const bytes = encodeQuery(question, { id: 7, recursionDesired: true });
  if (bytes === undefined) throw new Error(`no name: ${question.name}`);
  return bytes;
}

function changed(bytes: Buffer, changes: Readonly<Record<number, number>>): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, byte] of Object.entries(changes)) copy[Number(at)] = byte;
  return copy;
}

function opt(version: number, options: readonly number[] = []): Buffer {
  return Buffer.from([0, 0, TYPE.OPT, 0x10, 0, 0, version, 0, 0, 0, options.length, ...options]);
}

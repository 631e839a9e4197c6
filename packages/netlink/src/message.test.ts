import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessages, encodeMessage, type NetlinkMessage, NLM_F_ACK, NLM_F_REQUEST } from './message.ts';
import { hex, readOrRefused } from './testing/bytes.ts';

const GET = { type: 0x0701, flags: NLM_F_REQUEST | NLM_F_ACK, sequence: 9, port: 0 };

describe('encodeMessage', () => {
  it.each<[string, NetlinkMessage, string]>([
    ['no payload', { ...GET, payload: hex('') }, '10000000 0107 0500 09000000 00000000'],
    ['a payload', { ...GET, payload: hex('00000000') }, '14000000 0107 0500 09000000 00000000 00000000'],
    [
      'padding',
      { ...GET, payload: hex('aabbccddee') },
      '15000000 0107 0500 09000000 00000000 aabbccddee 000000',
    ],
  ])('%s', (_, message, bytes) => {
    expect(encodeMessage(message)).toEqual(hex(bytes));
    expect(decodeMessages(hex(bytes))).toEqual([message]);
  });
});

describe('decodeMessages', () => {
  it('gives all messages of a datagram, also when the padding of the last is left out', () => {
    const bytes = hex(
      '11000000 1000 0200 01000000 05000000 aa000000 11000000 0300 0200 01000000 05000000 bb',
    );
    expect(decodeMessages(bytes)).toEqual([
      { type: 0x10, flags: 2, sequence: 1, port: 5, payload: hex('aa') },
      { type: 3, flags: 2, sequence: 1, port: 5, payload: hex('bb') },
    ]);
    expect(decodeMessages(hex(''))).toEqual([]);
  });

  it.each([
    ['a piece of a header', '10000000 0107'],
    ['a length smaller than the header', '0f000000 0107 0500 09000000 00000000'],
    ['a length of 0', '00000000 0107 0500 09000000 00000000'],
    ['a length larger than the datagram', '11000000 0107 0500 09000000 00000000'],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeMessages(hex(bytes))).toThrow(
      /^decode netlink message: at byte 0: a length of \d+ can't/,
    );
  });

  it('gives messages or a KernelError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        readOrRefused(() => decodeMessages(bytes));
      }),
    );
  });
});

describe('messages', () => {
  it('come back as they were sent, however many', () => {
    const message = fc.record({
      type: fc.nat(0xffff),
      flags: fc.nat(0xffff),
      sequence: fc.nat(0xffffffff),
      port: fc.nat(0xffffffff),
      payload: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const bytes = Buffer.concat(messages.map(encodeMessage));
        expect(decodeMessages(new Uint8Array(bytes))).toEqual(messages);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelError } from '../kernel-error.ts';
import {
  decodeAcknowledgement,
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from './message.ts';

/** Bytes as they are on little-endian machines, which is where these tests run. */
function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

const GET = { type: 0x0701, flags: NLM_F_REQUEST | NLM_F_ACK, sequence: 9 };

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
      { type: 0x10, flags: 2, sequence: 1, payload: hex('aa') },
      { type: 3, flags: 2, sequence: 1, payload: hex('bb') },
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
        try {
          for (const message of decodeMessages(bytes)) decodeAcknowledgement(message);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelError);
        }
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

describe('decodeAcknowledgement', () => {
  const QUOTED_HEADER = '18000000 0107 0500 09000000 00000000';
  const NAME = '0c000100 666f6f00';
  it.each([
    ['done', NLM_F_CAPPED, `00000000 ${QUOTED_HEADER}`, 0, ''],
    ['refused', NLM_F_CAPPED, `feffffff ${QUOTED_HEADER}`, 2, ''],
    ['with the whole request', 0, `feffffff ${QUOTED_HEADER} ${NAME}`, 2, ''],
    ['with attributes', NLM_F_CAPPED | NLM_F_ACK_TLVS, `feffffff ${QUOTED_HEADER} ${NAME}`, 2, NAME],
    ['with both', NLM_F_ACK_TLVS, `feffffff ${QUOTED_HEADER} 0102030405060708 ${NAME}`, 2, NAME],
  ])('%s', (_, flags, payload, errno, attributes) => {
    const message = { type: NLMSG_ERROR, flags, sequence: 9, payload: hex(payload) };
    expect(decodeAcknowledgement(message)).toEqual({ errno, attributes: hex(attributes) });
  });
});

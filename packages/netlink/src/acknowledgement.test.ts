import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAcknowledgement } from './acknowledgement.ts';
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR } from './message.ts';
import { hex, readOrRefused } from './testing/bytes.ts';

const QUOTED_HEADER = '18000000 0107 0500 09000000 00000000';
const WORDS = '08000100 666f6f00';
const OFFSET = '08000200 2c000000';
const ENOENT = 'no such file or directory (ENOENT)';

describe('decodeAcknowledgement', () => {
  it.each([
    ['done', NLMSG_ERROR, NLM_F_CAPPED, `00000000 ${QUOTED_HEADER}`, 0, ''],
    ['refused', NLMSG_ERROR, NLM_F_CAPPED, `feffffff ${QUOTED_HEADER}`, 2, ENOENT],
    [
      'with a number that has no name',
      NLMSG_ERROR,
      NLM_F_CAPPED,
      `f4fdffff ${QUOTED_HEADER}`,
      524,
      'error 524',
    ],
    ['with the whole request', NLMSG_ERROR, 0, `feffffff ${QUOTED_HEADER} ${WORDS}`, 2, ENOENT],
    [
      'with words',
      NLMSG_ERROR,
      NLM_F_CAPPED | NLM_F_ACK_TLVS,
      `feffffff ${QUOTED_HEADER} ${WORDS}`,
      2,
      `${ENOENT}: foo`,
    ],
    [
      'with words and a place',
      NLMSG_ERROR,
      NLM_F_CAPPED | NLM_F_ACK_TLVS,
      `feffffff ${QUOTED_HEADER} ${WORDS} ${OFFSET}`,
      2,
      `${ENOENT} at byte 44: foo`,
    ],
    [
      'with the whole request and a place',
      NLMSG_ERROR,
      NLM_F_ACK_TLVS,
      `feffffff ${QUOTED_HEADER} 0102030405060708 ${OFFSET}`,
      2,
      `${ENOENT} at byte 44`,
    ],
    ['end of a dump', NLMSG_DONE, 0, '00000000', 0, ''],
    ['end of a dump without a number', NLMSG_DONE, 0, '', 0, ''],
    ['failed dump', NLMSG_DONE, 0, 'feffffff', 2, ENOENT],
    ['failed dump with words', NLMSG_DONE, NLM_F_ACK_TLVS, `feffffff ${WORDS}`, 2, `${ENOENT}: foo`],
  ])('%s', (_, type, flags, payload, errno, detail) => {
    const message = { type, flags, sequence: 9, port: 5, payload: hex(payload) };
    expect(decodeAcknowledgement(message)).toEqual({ errno, detail });
  });

  it('gives a value or a KernelError for any bytes', () => {
    const message = fc.record({
      type: fc.constantFrom(NLMSG_ERROR, NLMSG_DONE),
      flags: fc.constantFrom(0, NLM_F_CAPPED, NLM_F_ACK_TLVS, NLM_F_CAPPED | NLM_F_ACK_TLVS),
      sequence: fc.constant(1),
      port: fc.constant(5),
      payload: fc.uint8Array({ maxLength: 60 }),
    });
    fc.assert(
      fc.property(message, (any) => {
        readOrRefused(() => decodeAcknowledgement(any));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAttributes } from '../../attribute.ts';
import { MessageWriter } from '../../message-writer.ts';
import { hex } from '../../testing/bytes.ts';
import { comment as anyComment } from '../../testing/nftables-arbitraries.ts';
import { SharedTexts } from '../../text.ts';
import { decodeComment, encodeComment } from './userdata.ts';

function encode(comment: string, isOpenInterval = false): Uint8Array | undefined {
  const writer = new MessageWriter();
  encodeComment(writer, 6, comment, isOpenInterval);
  return decodeAttributes(writer.bytes()).get(6);
}

describe('comments', () => {
  it.each([
    ['ns/web', false, '0007 6e732f77656200'],
    ['größer', false, '0009 6772c3b6c39f657200'],
    ['c', true, '0002 6300 0104 01000000'],
    ['', true, '0104 01000000'],
  ])("'%s', interval without end: %s", (comment, isOpenInterval, bytes) => {
    expect(encode(comment, isOpenInterval)).toEqual(hex(bytes));
    expect(decodeComment(hex(bytes))).toBe(comment);
  });

  it('are left out when empty', () => {
    expect(encode('')).toBeUndefined();
    expect(decodeComment(undefined)).toBe('');
  });

  it('have a length that nft takes', () => {
    const longest = 'x'.repeat(128);
    expect(decodeComment(encode(longest))).toBe(longest);
    expect(() => encode('ß'.repeat(65))).toThrow('BUG: a comment of 130 bytes');
  });

  it('come back as they were, one after the other', () => {
    const shared = new SharedTexts();
    fc.assert(
      fc.property(fc.array(anyComment), (comments) => {
        for (const comment of comments) {
          const bytes = encode(comment);
          expect(decodeComment(bytes)).toBe(comment);
          if (bytes !== undefined) expect(shared.read(bytes, 2, bytes.length)).toBe(comment);
        }
      }),
    );
  });

  it('are texts, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeComment(bytes)).toEqual(expect.any(String));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAttributes, encodeAttributes } from './attribute.ts';
import { forEachAttribute } from './attribute-reader.ts';
import { KernelError } from './kernel-error.ts';
import { hex } from './testing/bytes.ts';

function read(bytes: Uint8Array, start = 0, end = bytes.length): readonly (readonly number[])[] {
  const all: (readonly number[])[] = [];
  forEachAttribute(bytes, start, end, (...attribute) => all.push(attribute));
  return all;
}

describe('forEachAttribute', () => {
  it.each([
    ['none', '', []],
    ['an empty one', '0400 0100', [[1, 4, 4]]],
    ['one with padding', '0500 0100 aa000000', [[1, 4, 5]]],
    ['one whose padding is left out', '0500 0100 aa', [[1, 4, 5]]],
    [
      'several',
      '0500 0200 aa000000 0600 0100 bbcc0000',
      [
        [2, 4, 5],
        [1, 12, 14],
      ],
    ],
    [
      'flags for nesting and byte order',
      '0400 0380 0400 0440',
      [
        [3, 4, 4],
        [4, 8, 8],
      ],
    ],
  ])('reads %s', (_, bytes, attributes) => {
    expect(read(hex(bytes))).toEqual(attributes);
  });

  it('reads what is nested in a part of the bytes', () => {
    const bytes = hex('ffffffff 0c00 0180 0600 0200 bbcc0000 ffffffff');
    expect(read(bytes, 4, 16)).toEqual([[1, 8, 16]]);
    expect(read(bytes, 8, 16)).toEqual([[2, 12, 14]]);
  });

  it.each([
    ['a piece of a header', '0400', 0, 2],
    ['a length of 0', '0000 0100', 0, 4],
    ['a length smaller than its header', '0300 0100', 0, 4],
    ['a length beyond the end', '0900 0100 666f6f00', 0, 8],
    ['a length beyond the end of the part', '0800 0100 666f6f00', 0, 6],
    ['a part beyond the end', '0800 0100 666f6f00', 0, 12],
  ])('refuses %s', (_, bytes, start, end) => {
    expect(() => read(hex(bytes), start, end)).toThrow(KernelError);
  });

  it('agrees with decodeAttributes about any bytes', () => {
    const wellFormed = fc
      .array(fc.tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 20 })))
      .map((attributes) => encodeAttributes(attributes));
    fc.assert(
      fc.property(fc.oneof(wellFormed, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        const outcome = (action: () => unknown): unknown => {
          try {
            return action();
          } catch (error) {
            expect(error).toBeInstanceOf(KernelError);
            return 'refused';
          }
        };
        const values = () =>
          new Map(read(bytes).map(([type = 0, from, to]) => [type, bytes.subarray(from, to)]));
        expect(outcome(values)).toEqual(outcome(() => decodeAttributes(bytes)));
      }),
    );
  });
});

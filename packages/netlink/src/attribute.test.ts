import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAttributes, decodeText, encodeAttributes, encodeText } from './attribute.ts';
import { KernelError } from './kernel-error.ts';
import { hex, readOrRefused } from './testing/bytes.ts';

describe('the bytes of attributes', () => {
  it.each([
    ['none', [], ''],
    ['a text', [[1, encodeText('foo')]], '0800 0100 666f6f00'],
    ['a padded text', [[1, encodeText('foot')]], '0900 0100 666f6f7400 000000'],
    [
      'several',
      [
        [2, hex('aa')],
        [1, hex('')],
      ],
      '0500 0200 aa000000 0400 0100',
    ],
  ] as const)('%s', (_, attributes, bytes) => {
    expect(encodeAttributes(attributes)).toEqual(hex(bytes));
    expect(decodeAttributes(hex(bytes))).toEqual(new Map(attributes));
  });

  it('have their types without the bits for nesting and byte order', () => {
    expect(decodeAttributes(hex('0500 0380 aa000000 0500 0440 bb'))).toEqual(
      new Map([
        [3, hex('aa')],
        [4, hex('bb')],
      ]),
    );
  });

  it.each([
    ['a piece of a header', '0400'],
    ['a length of 0', '0000 0100'],
    ['a length beyond the end', '0900 0100 666f6f00'],
  ])('refuse %s', (_, bytes) => {
    expect(() => decodeAttributes(hex(bytes))).toThrow(KernelError);
  });
});

describe('attributes', () => {
  it('come back as they were sent', () => {
    const attributes = fc.uniqueArray(fc.tuple(fc.nat(0x3fff), fc.uint8Array({ maxLength: 40 })), {
      selector: ([type]) => type,
    });
    fc.assert(
      fc.property(attributes, (all) => {
        expect(decodeAttributes(encodeAttributes(all))).toEqual(new Map(all));
      }),
    );
  });

  it('are read or refused with a KernelError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        readOrRefused(() => decodeAttributes(bytes));
      }),
    );
  });
});

describe('texts', () => {
  it.each([
    ['666f6f00', 'foo'],
    ['666f6f', 'foo'],
    ['666f6f00626172', 'foo'],
    ['00', ''],
    ['', ''],
  ])('%s', (bytes, text) => {
    expect(decodeText(hex(bytes))).toBe(text);
  });
});

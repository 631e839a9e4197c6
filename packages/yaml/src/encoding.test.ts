import { describe, expect, it } from 'vitest';
import { decodeText } from './encoding.ts';

const TEXT = 'a: é门😀\n';
const utf16le = Buffer.from(`\uFEFF${TEXT}`, 'utf16le');

describe('text', () => {
  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${TEXT}`)],
    ['UTF-16, low byte first', utf16le],
    ['UTF-16, high byte first', Buffer.from(utf16le).swap16()],
  ])('in %s', (_, bytes) => {
    expect(decodeText(bytes)).toBe(TEXT);
  });

  it.each([
    ['UTF-8', Buffer.from([0x61, 0xff])],
    ['UTF-8', Buffer.from('é', 'latin1')],
    ['UTF-16LE', Buffer.from([0xff, 0xfe, 0x00])],
    ['UTF-16LE', Buffer.from([0xff, 0xfe, 0x00, 0xd8])],
  ])('that is no %s is an error', (encoding, bytes) => {
    expect(() => decodeText(bytes)).toThrow(`is not valid ${encoding}`);
  });
});

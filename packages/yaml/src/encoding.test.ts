import { describe, expect, it } from 'vitest';
import { decodePieces, decodeText } from './encoding.ts';

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

describe('text in pieces', () => {
  async function* pieces(bytes: Uint8Array, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it.each([1, 3, 1_000])('of %i bytes', async (size) => {
    expect(await decodePieces(pieces(utf16le, size), utf16le.length)).toBe(TEXT);
  });

  it('is not read beyond the bound', async () => {
    let taken = 0;
    async function* endless() {
      for (;;) {
        taken++;
        yield new Uint8Array(2 ** 19);
      }
    }
    await expect(decodePieces(endless(), 2 ** 20)).rejects.toThrow('is larger than 1 MiB');
    expect(taken).toBe(3);
  });
});

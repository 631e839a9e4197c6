import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

function split(bytes: Buffer, cuts: readonly number[]): string[] {
  const splitter = new LineSplitter(1_000, () => new Error('endless'));
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  const lines = ends.flatMap((end) => {
    const chunk = bytes.subarray(start, end);
    start = end;
    return splitter.push(chunk);
  });
  return [...lines, splitter.end()];
}

describe('LineSplitter', () => {
  it('keeps a character cut in two', () => {
    const bytes = Buffer.from('门卫\n');
    expect(split(bytes, [1])).toEqual(['门卫', '']);
  });

  it('gives several lines of one chunk, and the rest at the end', () => {
    expect(split(Buffer.from('a\n\nb\r\nc'), [])).toEqual(['a', '', 'b\r', 'c']);
  });

  it('throws when a line does not end', () => {
    const splitter = new LineSplitter(10, () => new Error('endless'));
    splitter.push(Buffer.from('12345678\n12345678'));
    expect(() => splitter.push(Buffer.from('901'))).toThrow('endless');
  });

  it('gives the same lines however the bytes are cut', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => JSON.stringify(text));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), (lines, cuts) => {
        expect(split(Buffer.from(lines.map((text) => `${text}\n`).join('')), cuts)).toEqual([...lines, '']);
      }),
    );
  });
});

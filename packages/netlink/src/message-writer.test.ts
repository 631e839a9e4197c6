import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAttributes, decodeText } from './attribute.ts';
import { decodeMessages } from './message.ts';
import { MAX_ATTRIBUTE_SIZE, MessageWriter } from './message-writer.ts';
import { hex } from './testing/bytes.ts';

type Write = (writer: MessageWriter) => void;

function written(write: Write, initialSize?: number): Uint8Array {
  const writer = new MessageWriter(initialSize);
  write(writer);
  expect(writer.size).toBe(writer.bytes().length);
  return writer.bytes();
}

describe('the bytes of an attribute', () => {
  it.each<[string, Write, string]>([
    ['u8', (writer) => writer.u8(1, 0xab), '0500 0100 ab000000'],
    ['u16', (writer) => writer.u16(2, 0x0102), '0600 0200 02010000'],
    ['u32', (writer) => writer.u32(3, 0xfffefdfc), '0800 0300 fcfdfeff'],
    ['u16be', (writer) => writer.u16be(4, 0x0102), '0600 0400 01020000'],
    ['u32be', (writer) => writer.u32be(5, 0xfffefdfc), '0800 0500 fffefdfc'],
    ['u64be', (writer) => writer.u64be(6, 0x0102030405060708n), '0c00 0600 0102030405060708'],
    ['text', (writer) => writer.text(7, 'foo'), '0800 0700 666f6f00'],
    ['text with padding', (writer) => writer.text(7, 'foot'), '0900 0700 666f6f74 00000000'],
    ['empty text', (writer) => writer.text(7, ''), '0500 0700 00000000'],
    ['text beyond ASCII', (writer) => writer.text(7, 'abcdé'), '0b00 0700 61626364 c3a90000'],
    ['value', (writer) => writer.value(8, hex('0102030405')), '0900 0800 01020304 05000000'],
    ['empty value', (writer) => writer.value(8, hex('')), '0400 0800'],
    ['space', (writer) => void writer.space(9, 5), '0900 0900 00000000 00000000'],
    ['nested, empty', (writer) => writer.endNested(writer.beginNested(10)), '0400 0a80'],
  ])('%s', (_, write, bytes) => {
    expect(written(write)).toEqual(hex(bytes));
  });

  it('has its type beside the flag for nesting, and the length of all that is in it', () => {
    const nested = written((writer) => {
      const outer = writer.beginNested(1);
      const inner = writer.beginNested(2);
      writer.u8(3, 0xaa);
      writer.endNested(inner);
      writer.u8(4, 0xbb);
      writer.endNested(outer);
    });
    expect(nested).toEqual(hex('1800 0180 0c00 0280 0500 0300 aa000000 0500 0400 bb000000'));
  });

  it('can be filled in by hand', () => {
    const bytes = written((writer) => {
      const at = writer.space(1, 2);
      writer.buffer.set(hex('aabb'), at);
    });
    expect(bytes).toEqual(hex('0600 0100 aabb0000'));
  });

  it('is no longer than its length can tell', () => {
    const nest = (size: number) => () =>
      written((writer) => {
        const nested = writer.beginNested(1);
        writer.space(2, size - 8);
        writer.endNested(nested);
      });
    expect(nest(MAX_ATTRIBUTE_SIZE - 3)).not.toThrow();
    expect(nest(MAX_ATTRIBUTE_SIZE + 1)).toThrow(/^BUG: a netlink attribute of 65536 bytes/);
    expect(() => written((writer) => writer.value(1, new Uint8Array(MAX_ATTRIBUTE_SIZE)))).toThrow(/^BUG: /);
  });
});

describe('the bytes of a message', () => {
  it('begin with its header, the port left to the kernel', () => {
    const messages = written((writer) => {
      const first = writer.beginMessage(0x0701, 0x0105, 9);
      writer.raw(hex('0a000000'));
      writer.u8(1, 0xaa);
      writer.endMessage(first);
      writer.endMessage(writer.beginMessage(0x11, 1, 10));
    });
    expect(messages).toEqual(
      hex(
        '1c000000 0107 0501 09000000 00000000 0a000000 0500 0100 aa000000 10000000 1100 0100 0a000000 00000000',
      ),
    );
  });

  it('are padded after a family header of an odd size', () => {
    const message = written((writer) => {
      const start = writer.beginMessage(0x12, 1, 1);
      writer.raw(hex('0a'));
      writer.u8(1, 0xaa);
      writer.endMessage(start);
    });
    expect(message).toEqual(hex('1c000000 1200 0100 01000000 00000000 0a000000 0500 0100 aa000000'));
  });
});

/** One thing to write, as data. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), value: fc.uint8Array({ maxLength: 70 }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constantFrom('u8', 'u16be', 'u32be', 'u16', 'u32'), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant('u64be' as const), value: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function writeStep(writer: MessageWriter, type: number, { kind, value }: Step): void {
  if (typeof value === 'bigint') writer.u64be(type, value);
  else if (typeof value === 'string') writer.text(type, value);
  else if (typeof value !== 'number') writer.value(type, value);
  else if (kind === 'u8') writer.u8(type, value);
  else if (kind === 'u16') writer.u16(type, value);
  else if (kind === 'u32') writer.u32(type, value);
  else if (kind === 'u16be') writer.u16be(type, value);
  else writer.u32be(type, value);
}

function writeSteps(writer: MessageWriter, messages: readonly (readonly Step[])[]): void {
  for (const [sequence, steps] of messages.entries()) {
    const message = writer.beginMessage(0x10, 1, sequence);
    const nested = writer.beginNested(1);
    for (const [index, each] of steps.entries()) writeStep(writer, index, each);
    writer.endNested(nested);
    writer.endMessage(message);
  }
}

describe('a writer', () => {
  it('writes the same wherever its buffer has to grow', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step)), fc.nat(300), (messages, initialSize) => {
        const roomy = written((writer) => writeSteps(writer, messages), 1 << 20);
        expect(written((writer) => writeSteps(writer, messages), initialSize)).toEqual(roomy);
      }),
    );
  });

  it('writes what decoders read', () => {
    fc.assert(
      fc.property(fc.array(fc.array(step)), (messages) => {
        const decoded = decodeMessages(written((writer) => writeSteps(writer, messages)));
        expect(decoded.map(({ sequence }) => sequence)).toEqual([...messages.keys()]);
        for (const [sequence, steps] of messages.entries()) {
          const [nested = hex('')] = decodeAttributes(decoded[sequence]?.payload ?? hex('')).values();
          const values = decodeAttributes(nested);
          expect([...values.keys()]).toEqual([...steps.keys()]);
          for (const [type, { value }] of steps.entries()) {
            const bytes = values.get(type) ?? hex('');
            if (typeof value === 'string') expect(bytes).toEqual(new TextEncoder().encode(`${value}\0`));
            else if (typeof value === 'object') expect(bytes).toEqual(value);
          }
        }
      }),
    );
  });

  it('writes texts that end where they end', () => {
    const text = written((writer) => writer.text(1, 'default/web:http'));
    expect(decodeText(decodeAttributes(text).get(1) ?? hex(''))).toBe('default/web:http');
  });
});

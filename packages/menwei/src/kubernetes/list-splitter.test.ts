import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListSplitter } from './list-splitter.ts';

function read(text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text);
  const splitter = new ListSplitter();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  const items = ends.flatMap((end) => {
    const chunk = bytes.subarray(start, end);
    start = end;
    return splitter.push(chunk).map((item): unknown => JSON.parse(item));
  });
  return { items, ...splitter.finish() };
}

const head = '"kind":"ServiceList","metadata":{"resourceVersion":"7","continue":"next"}';
const envelope = { kind: 'ServiceList', resourceVersion: '7', continueToken: 'next' };

describe('ListSplitter', () => {
  it.each([
    [
      'items last',
      `{${head},"items":[{"a":1},{"b":{"items":[{"c":[]}]}}]}`,
      [{ a: 1 }, { b: { items: [{ c: [] }] } }],
    ],
    ['items first', `{"items":[{"a":1}],${head}}`, [{ a: 1 }]],
    ['white space', ` { ${head} , "items" : [ {"a" : 1} ,\n {"b":2} ] }\n`, [{ a: 1 }, { b: 2 }]],
    ['an empty list', `{${head},"items":[]}`, []],
    ['null for an empty list', `{${head},"items":null}`, []],
    ['no items at all', `{${head}}`, []],
    ['structure in strings', `{${head},"items":[{"a":"]}\\"[{,\\\\"}]}`, [{ a: ']}"[{,\\' }]],
    ['another array before', `{"x":[{"y":1}],${head},"items":[{"a":1}]}`, [{ a: 1 }]],
  ])('reads %s', (_, text, items) => {
    expect(read(text)).toEqual({ items, ...envelope });
  });

  it.each([
    ['cut short', `{${head},"items":[{"a":1},`],
    ['cut inside an item', `{${head},"items":[{"a":1},{"b"`],
    ['not JSON', '<html>please log in</html>'],
    ['items that are no objects', `{${head},"items":["a"]}`],
    ['items that are no list', `{${head},"items":{}}`],
    ['nothing', ''],
    ['an array', '[]'],
    ['null', 'null'],
  ])('refuses %s', (_, text) => {
    expect(() => read(text)).toThrow(SyntaxError);
  });

  it('keeps no view of what it was given once its items are complete', () => {
    const splitter = new ListSplitter();
    const chunks = [`{${head},"items":[`, '{"a":1},\n', '{"b":2}', ']}'].map((text) => Buffer.from(text));
    for (const chunk of chunks) {
      splitter.push(chunk);
      chunk.fill(0);
    }
    expect(splitter.finish()).toEqual(envelope);
  });

  it('equals JSON.parse however the bytes are cut', () => {
    const items = fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()));
    fc.assert(
      fc.property(items, fc.array(fc.nat()), (list, cuts) => {
        const text = JSON.stringify({ kind: 'K', metadata: { resourceVersion: '1' }, items: list });
        const expected: unknown = JSON.parse(JSON.stringify(list));
        expect(read(text, cuts)).toEqual({
          items: expected,
          kind: 'K',
          resourceVersion: '1',
          continueToken: '',
        });
      }),
    );
  });
});

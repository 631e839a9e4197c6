import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocuments, parseFirstDocument } from './documents.ts';

function valuesOf(text: string): readonly unknown[] {
  return parseDocuments(text).map(({ value }) => value);
}

describe('the values of a manifest', () => {
  it.each([
    ['a repeated key', 'a: 1\nb: 2\na: 3\n', [{ a: 3, b: 2 }]],
    [
      'keys that are no texts',
      '{80: a, 0x10: b, yes: c, 1.5: d}',
      [{ 80: 'a', 16: 'b', true: 'c', '1.5': 'd' }],
    ],
    [
      'a key that means one thing to this language',
      '__proto__: {a: 1}',
      [JSON.parse('{"__proto__": {"a": 1}}')],
    ],
    [
      'an alias to the last anchor before it',
      'a: &x 1\nb: *x\nc: &x 2\nd: *x\n',
      [{ a: 1, b: 1, c: 2, d: 2 }],
    ],
    ['an alias as a key', 'a: &x y1\n*x : 2\n', [{ a: 'y1', y1: 2 }]],
    [
      'what is merged and what stands after',
      'x: &x {a: 1, b: 1}\nz: {<<: *x, a: 2}\n',
      [{ x: { a: 1, b: 1 }, z: { a: 2, b: 1 } }],
    ],
    ['what is merged after', 'x: &x {a: 1}\nz: {a: 2, <<: *x}\n', [{ x: { a: 1 }, z: { a: 1 } }]],
    ['several merged, of which the first wins', 'a: {<<: [{b: 1}, {b: 2, c: 2}]}\n', [{ a: { b: 1, c: 2 } }]],
    ['no merge in quotes', '{"<<": 1}', [{ '<<': 1 }]],
    ['a comment right after quotes', 'a: "b"#c\n', [{ a: 'b' }]],
    ['directives', '%YAML 1.1\n# note\n---\na: 1\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['old line ends', 'a: 1\rb: 2\r', [{ a: 1, b: 2 }]],
    ['tabs between tokens', 'a:\tb\t\n', [{ a: 'b' }]],
    [
      'tags',
      'a: !!str 5\nb: !!int "5"\nc: !foo 5\nd: !!binary aGk=\ne: !!float 1\n',
      [{ a: '5', b: 5, c: '5', d: 'hi', e: 1 }],
    ],
    ['objects in lines', '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
    ['objects side by side', ' {"a":"}"}{"b":[{}]}', [{ a: '}' }, { b: [{}] }]],
    ['objects in several lines', '{\n  "a": 1\n}\n{\n\t"a": "\\"2"\n}\n', [{ a: 1 }, { a: '"2' }]],
    [
      'objects and documents',
      '{"a":1}{"a":2}\n---\na: 3\n--- \n{"a":4}\n',
      [{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }],
    ],
    [
      'an object that only YAML allows among others',
      '{"a":1}\n{"a":2,}\n{"a":3}',
      [{ a: 1 }, { a: 2 }, { a: 3 }],
    ],
    ['braces of YAML with a brace in quotes', "{a: 'b}c'}", [{ a: 'b}c' }]],
  ])('%s', (_, text, expected) => {
    expect(parseDocuments(text).map(({ error }) => error)).toEqual(expected.map(() => undefined));
    expect(valuesOf(text)).toEqual(expected);
  });

  it('may use anchors and merge keys', () => {
    expect(valuesOf('a: &a {x: 1}\nb: {<<: *a, z: 2}\n')).toEqual([{ a: { x: 1 }, b: { x: 1, z: 2 } }]);
  });

  it.each([
    ['several documents', 'a: 1\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['a separator first and last', '---\na: 1\n---\n', [{ a: 1 }, undefined]],
    ['an end marker', 'a: 1\n...\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['Windows line ends', 'a: 1\r\n---\r\nb: 2\r\n', [{ a: 1 }, { b: 2 }]],
    ['a byte order mark', '\uFEFFa: 1\n', [{ a: 1 }]],
    ['content beside the separator', '--- {a: 1}\n--- # note\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['dashes inside a text', 'a: |\n  ---\n  b\n', [{ a: '---\nb\n' }]],
    ['comments only', '# nothing\n', [undefined]],
    ['nothing', '', []],
    ['JSON', '{"a":\n\t[1, "0644"]}', [{ a: [1, '0644'] }]],
    ['YAML in braces', '{a: 1}', [{ a: 1 }]],
  ])('%s', (_, text, expected) => {
    const values = valuesOf(text);
    expect(values.filter((value) => value !== undefined)).toEqual(
      expected.filter((value) => value !== undefined),
    );
  });
});

describe('a syntax error', () => {
  it.each([
    ['an open quote', 'a: 1\n---\nb: "x\n---\nc: 3\n'],
    ['an open bracket', 'a: 1\n---\nb: [x\n---\nc: 3\n'],
    ['a wrong indent', 'a: 1\n---\nb: x\n  y: 1\n---\nc: 3\n'],
    ['an unknown alias', 'a: 1\n---\nb: *x\n---\nc: 3\n'],
    ['a control character', 'a: 1\n---\nb: \u0007\n---\nc: 3\n'],
    ['no number of JSON', 'a: 1\n---\nb: .nan\n---\nc: 3\n'],
    ['a tag that is not true', 'a: 1\n---\nb: !!int x\n---\nc: 3\n'],
    ['a map as a key', 'a: 1\n---\n{b: 1}: 2\n---\nc: 3\n'],
    ['a merge of what is no map', 'a: 1\n---\nb: {<<: [1]}\n---\nc: 3\n'],
    ['an alias within itself', 'a: 1\n---\nb: &b [*b]\n---\nc: 3\n'],
    ['a tab as indent', 'a: 1\n---\nb:\n\tc: 1\n---\nc: 3\n'],
  ])('(%s) spoils its own document only, and names its line', (_, text) => {
    const documents = parseDocuments(text);
    expect(documents.map(({ error }) => error !== undefined)).toEqual([false, true, false]);
    expect([documents[0]?.value, documents[2]?.value]).toEqual([{ a: 1 }, { c: 3 }]);
    expect(documents[1]?.error?.line).toBeGreaterThanOrEqual(3);
    expect(documents[1]?.error?.line).toBeLessThanOrEqual(4);
    expect(documents[1]?.error?.message).toMatch(/^[^\n]+$/);
  });

  it('is what aliases make that unfold without end', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [...pair])) {
      bomb.push(`${name}: &${name} [${`*${before}, `.repeat(9)}]`);
    }
    const [document] = parseDocuments(bomb.join('\n'));
    expect(document?.error?.message).toMatch(/alias/);
  });

  it('in JSON names its line', () => {
    const [document] = parseDocuments('{"a": 1,\n"b": [2\n}');
    expect(document?.error?.line).toBeGreaterThanOrEqual(2);
  });

  it('is never an exception, and said in one printable line', () => {
    const pieces = fc.constantFrom(
      'a: ',
      '- ',
      '\n',
      '---\n',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '|',
      '!x ',
      '%',
      '?',
      '  ',
      'x',
      '\t',
      '<<: ',
    );
    const texts = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        for (const { error, lineOf } of parseDocuments(text)) {
          lineOf('a.b[0]');
          expect(error?.message ?? '').toMatch(/^[ -~…]*$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('in a row of JSON objects costs one of them', () => {
    const documents = parseDocuments('{"a": 1}\n{"a": "x}\n{"a": ]}\n');
    expect(documents.map(({ value, error }) => error?.line ?? value)).toEqual([{ a: 1 }, 2]);
    const others = parseDocuments('{"a": 1}\n\n{"a": ]}\n{"a": 3}');
    expect(others.map(({ value, error }) => error?.line ?? value)).toEqual([{ a: 1 }, 3, { a: 3 }]);
  });

  it('is what too deep a nesting is', () => {
    const [document] = parseDocuments(`a: ${'['.repeat(100_000)}`);
    expect(document?.error).toBeDefined();
  });
});

describe('the line of a field', () => {
  const yaml = 'first: 1\n---\n# note\nspec:\n  ports:\n  - port: 80\n\n  - name: b\n    port: 0\n';
  it.each([
    ['spec', 4],
    ['spec.ports', 5],
    ['spec.ports[0].port', 6],
    ['spec.ports[1]', 8],
    ['spec.ports[1].port', 9],
    ['spec.ports[1].nodePort', 8],
    ['spec.ports[7].port', 5],
    ['spec.clusterIP', 4],
    ['metadata.name', 4],
    ['', 4],
  ])('%j is %i, or that of its nearest parent', (field, line) => {
    expect(parseDocuments(yaml)[1]?.lineOf(field)).toBe(line);
  });

  it('is known in JSON too', () => {
    const [document] = parseDocuments('{\n\t"spec": {\n\t\t"ports": [\n{"port": 0}]}}');
    expect(document?.lineOf('spec.ports[0].port')).toBe(4);
  });
});

describe('a key that stands more than once', () => {
  it.each([
    ['a: 1\nb: 1\na: 2\na: 3\n', ['a in line 3', 'a in line 4']],
    ['a:\n- b: {c: 1,\n     c: 2}\n', ['a[0].b.c in line 3']],
    ['{"a": {"b": 1,\n "b": 2}}', ['a.b in line 2']],
    ['# note\n{"a": [{}, {"b": 1, "c": 1,\n "b": 2}], "a:b": ":"}', ['a[1].b in line 3']],
    ['yes: 1\n"true": 2\n', ['true in line 2']],
    ['a: {<<: {b: 1}, b: 2}\n', []],
    ['a: 1\n---\na: 2\n', []],
  ])('is named with its place: %j', (text, expected) => {
    const repeated = parseDocuments(text).flatMap((document) => document.repeated);
    expect(repeated.map(({ field, line }) => `${field} in line ${line}`)).toEqual(expected);
  });

  it('is found at the place that counts', () => {
    expect(parseDocuments('a: 1\nb: 2\na: 3\n')[0]?.lineOf('a')).toBe(3);
  });
});

describe('the first document', () => {
  it.each([
    ['a: 1\n', { a: 1 }, undefined],
    ['a: 1\n---\n', { a: 1 }, undefined],
    ['a: 1\n---\n# nothing\n', { a: 1 }, undefined],
    ['# note\n---\na: 1\n', { a: 1 }, undefined],
    ['---\na: 1\n...\n', { a: 1 }, undefined],
    ['a: 1\n---\nb: 2\n', { a: 1 }, 3],
    ['a: 1\n---\n---\nb: "\n', { a: 1 }, 4],
    ['---\n---\na: 1\n', undefined, 3],
    ['{"a":\t1}\n', { a: 1 }, undefined],
    ['{"a": 1}\n---\nb: 2\n', { a: 1 }, 3],
    ['', undefined, undefined],
    ['# nothing\n', undefined, undefined],
  ])('of %j', (text, value, ignoredLine) => {
    const { document, ignoredLine: line } = parseFirstDocument(text);
    expect(document).toMatchObject({ value, error: undefined });
    expect(line).toBe(ignoredLine);
  });

  it('is no row of JSON objects', () => {
    expect(parseFirstDocument('{"a": 1}\n{"a": 2}\n').document.error?.line).toBe(2);
  });
});

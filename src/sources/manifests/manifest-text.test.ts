import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifestText } from './manifest-text.ts';

async function valuesOf(text: string): Promise<readonly unknown[]> {
  return (await parseManifestText(text)).map(({ value }) => value);
}

describe('the values of a manifest', () => {
  it.each([
    ['yes', true],
    ['off', false],
    ['0644', 420],
    ['0x1F', 31],
    ['~', null],
    ['1:20', '1:20'],
    ['2001:10:20:30:40:50:1:2', '2001:10:20:30:40:50:1:2'],
    ['2026-01-02', '2026-01-02'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['"yes"', 'yes'],
    ['1e3', 1000],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s means %j, as it does to Kubernetes', async (text, expected) => {
    expect(await valuesOf(`a: ${text}\n`)).toEqual([{ a: expected }]);
  });

  it('may use anchors and merge keys', async () => {
    expect(await valuesOf('a: &a {x: 1}\nb: {<<: *a, z: 2}\n')).toEqual([{ a: { x: 1 }, b: { x: 1, z: 2 } }]);
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
  ])('%s', async (_, text, expected) => {
    const values = await valuesOf(text);
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
    ['a repeated key', 'a: 1\n---\nb: x\nb: y\n---\nc: 3\n'],
  ])('(%s) spoils its own document only, and names its line', async (_, text) => {
    const documents = await parseManifestText(text);
    expect(documents.map(({ error }) => error !== undefined)).toEqual([false, true, false]);
    expect([documents[0]?.value, documents[2]?.value]).toEqual([{ a: 1 }, { c: 3 }]);
    expect(documents[1]?.error?.line).toBeGreaterThanOrEqual(3);
    expect(documents[1]?.error?.line).toBeLessThanOrEqual(4);
    expect(documents[1]?.error?.message).toMatch(/^[^\n]+$/);
  });

  it('is what aliases make that unfold without end', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [...pair])) {
      bomb.push(`${name}: &${name} [${`*${before}, `.repeat(9)}]`);
    }
    const [document] = await parseManifestText(bomb.join('\n'));
    expect(document?.error?.message).toMatch(/alias/);
  });

  it('in JSON names its line', async () => {
    const [document] = await parseManifestText('{"a": 1,\n"b": [2\n}');
    expect(document?.error?.line).toBeGreaterThanOrEqual(2);
  });

  it('is never an exception, and said in one printable line', async () => {
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
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        for (const { error, lineOf } of await parseManifestText(text)) {
          lineOf('a.b[0]');
          expect(error?.message ?? '').toMatch(/^[ -~…]*$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is what too deep a nesting is', async () => {
    const [document] = await parseManifestText(`a: ${'['.repeat(100_000)}`);
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
  ])('%j is %i, or that of its nearest parent', async (field, line) => {
    expect((await parseManifestText(yaml))[1]?.lineOf(field)).toBe(line);
  });

  it('is known in JSON too', async () => {
    const [document] = await parseManifestText('{\n\t"spec": {\n\t\t"ports": [\n{"port": 0}]}}');
    expect(document?.lineOf('spec.ports[0].port')).toBe(4);
  });
});

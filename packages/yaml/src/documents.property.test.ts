/** Whatever bytes come in: values that JSON has, and mistakes in one printable line. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseDocuments, parseFirstDocument, type TextDocument } from './documents.ts';
import { decodeText } from './encoding.ts';
import { resolveScalar } from './scalar.ts';

const RUNS = { numRuns: 500 };

const pieces = fc.constantFrom(
  ...[
    'a: ',
    '- ',
    '\n',
    '\r\n',
    '\r',
    '---\n',
    '...\n',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
    '*a : ',
    '|',
    '>-\n',
  ],
  ...[
    '!x ',
    '!!int ',
    '!!binary ',
    '%',
    '%YAML 1.1\n',
    '?',
    '? ',
    ': ',
    ',',
    '  ',
    'x',
    '\t',
    '<<: ',
    '<<: [*a]',
    '#',
    '~',
    '0x1',
    '.nan',
  ],
  ...['{"a":', '{"a":1}', '{"a":1,"a":2}', '__proto__: ', '\uFEFF', '\u0000', '\u2028', '\uD800', '😀'],
);
const texts = fc
  .array(fc.oneof({ weight: 3, arbitrary: pieces }, fc.string({ unit: 'binary' })), { maxLength: 40 })
  .map((parts) => parts.join(''));
const objects = fc.dictionary(fc.string(), fc.jsonValue());
const blanks = fc.constantFrom('', ' ', '\n', '\r\n', '\n\t');

/** Everything of a document that anybody uses. */
function survey({ value, error, line, lineOf, repeated }: TextDocument): void {
  if (value !== undefined) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
  expect(error?.message ?? '').toMatch(/^[ -~…]*$/);
  expect(error?.discreet ?? '').toMatch(/^[ -~…]*$/);
  for (const at of [line, error?.line, lineOf('a[0].b'), ...repeated.map((key) => key.line)]) {
    if (at !== undefined) expect(at).toBeGreaterThanOrEqual(1);
  }
}

describe('any text', () => {
  it('gives documents, each a value or a mistake', () => {
    const property = fc.property(texts, (text) => {
      for (const document of parseDocuments(text)) survey(document);
      survey(parseFirstDocument(text).document);
    });
    fc.assert(property, RUNS);
  });

  it('of any bytes is a text or none', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      texts.map((text) => Buffer.from(text)),
      texts.map((text) => Buffer.from(`\uFEFF${text}`, 'utf16le')),
    );
    const property = fc.property(bytes, (given) => {
      let text = '';
      try {
        text = decodeText(given);
      } catch (error) {
        expect(String(error)).toMatch(/^Error: is not valid UTF-(8|16LE|16BE)$/);
      }
      for (const document of parseDocuments(text)) survey(document);
    });
    fc.assert(property, RUNS);
  });

  it('that is JSON means what JSON says', () => {
    const property = fc.property(objects, fc.constantFrom(0, 2, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(parseDocuments(text)).toMatchObject([{ error: undefined, repeated: [] }]);
      expect(parseDocuments(text)[0]?.value).toEqual(JSON.parse(text));
      expect(parseFirstDocument(text).document.value).toEqual(JSON.parse(text));
    });
    fc.assert(property, RUNS);
  });

  it('that is JSON in a row means each', () => {
    const property = fc.property(fc.array(fc.tuple(objects, blanks), { minLength: 1 }), (parts) => {
      const text = parts.map(([value, blank]) => JSON.stringify(value) + blank).join('');
      const expected = parts.map(([value]) => JSON.parse(JSON.stringify(value)));
      expect(parseDocuments(text).map(({ value }) => value)).toEqual(expected);
    });
    fc.assert(property, RUNS);
  });

  it('that YAML was written as is read back', () => {
    const property = fc.property(objects, fc.constantFrom(...STYLES), (value, style) => {
      // The writer leaves without quotes what is a text in its own dialect of YAML, such as `yes` and `0X0`.
      fc.pre(style !== 'PLAIN' || textsOf(value).every(isPlainText));
      const text = stringify(value, { defaultStringType: style, defaultKeyType: style });
      const [document] = parseDocuments(text);
      expect(document?.error).toBeUndefined();
      // Go has no negative zero among whole numbers.
      expect(document?.value).toEqual(JSON.parse(JSON.stringify(value)));
    });
    fc.assert(property, RUNS);
  });
});

const STYLES = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'] as const;

/** All keys and texts in it. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
}

function isPlainText(text: string): boolean {
  return text !== '<<' && resolveScalar(text, undefined, true) === text;
}

describe('what would take too long', () => {
  it.each([
    ['nesting in JSON', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested too deeply'],
    ['nesting in YAML that does not end', '['.repeat(10_000_000), 'nested too deeply'],
    ['nesting in YAML', `a: ${'['.repeat(2_000)}${']'.repeat(2_000)}`, 'nested too deeply'],
    ['an alias of an alias of an alias', bomb(9, 12), 'aliases expand to too many values'],
    ['merges of merges of merges', bomb(9, 12, '<<'), 'aliases expand to too many values'],
  ])('is refused: %s', (_, text, message) => {
    expect(parseDocuments(text).map(({ error }) => error?.message)).toEqual([message]);
    expect(parseFirstDocument(text).document.error?.message).toBe(message);
  });

  it('is not what many aliases of one list are', () => {
    const text = `a: &a [1, 2, 3]\nb: [${'*a, '.repeat(50_000)}]\n`;
    expect(parseDocuments(text)).toMatchObject([{ error: undefined }]);
  });
});

/** Levels of which each names the one before several times. */
function bomb(width: number, levels: number, key = 'x'): string {
  const lines = ['l0: &l0 {x: 1}'];
  for (let level = 1; level <= levels; level++) {
    const names = Array.from({ length: width }, () => `*l${level - 1}`).join(', ');
    lines.push(`l${level}: &l${level} {${key}: [${names}]}`);
  }
  return `${lines.join('\n')}\n`;
}

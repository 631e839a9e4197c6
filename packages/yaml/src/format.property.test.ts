import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFirstDocument } from './documents.ts';
import { formatYaml } from './format.ts';

/** Half of a surrogate pair is no text, and no reader takes it. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[-+0-9a-fxonyYNE._:#~<%@`&*!|>'"{},?\\[\] ]{1,6}$/),
  fc.constantFrom(
    'true',
    'No',
    '~',
    '',
    '0x1F',
    '0o7',
    '1e3',
    '1:30',
    '-',
    '--- a',
    '12',
    '.inf',
    '2001-01-01',
    '=',
  ),
);
const key = text.filter((name) => name !== '__proto__');
const { tree } = fc.letrec<{ tree: unknown; object: unknown; list: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('object'),
    tie('list'),
  ),
  object: fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  list: fc.array(tie('tree'), { maxLength: 4 }),
}));

describe('formatYaml', () => {
  it('is read as what was written', () => {
    fc.assert(
      fc.property(fc.dictionary(key, tree, { noNullPrototype: true }), (value) => {
        const { document } = parseFirstDocument(formatYaml(value));
        expect(document.error).toBeUndefined();
        expect(document.value).toEqual(value);
      }),
    );
  });

  it('reads like what people write', () => {
    const value = {
      mode: 'iptables',
      cidrs: ['10.0.0.0/8', 'fd00::/8'],
      conntrack: { min: 5, tcpEstablishedTimeout: '24h0m0s' },
      list: [{ a: 1, b: [] }, {}],
      empty: '',
      on: 'off',
    };
    expect(formatYaml(value)).toBe(`mode: iptables
cidrs:
- 10.0.0.0/8
- "fd00::/8"
conntrack:
  min: 5
  tcpEstablishedTimeout: 24h0m0s
list:
- a: 1
  b: []
- {}
empty: ""
"on": "off"
`);
  });
});

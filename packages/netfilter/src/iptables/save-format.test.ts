import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHeldRule } from './rule.ts';
import { formatSavedLine, parseSavedLine, type SavedLine } from './save-format.ts';
import { parseHeldRule } from './saved-rule.ts';
import { quoteWord, splitWords } from './words.ts';

const names = fc.stringMatching(/^[A-Z][A-Za-z0-9-]{0,27}$/);
const lines: fc.Arbitrary<Exclude<SavedLine, { is: 'other' }>> = fc.oneof(
  names.map((table) => ({ is: 'table' as const, table })),
  fc.record({
    is: fc.constant('chain' as const),
    chain: names,
    policy: fc.constantFrom('ACCEPT', 'DROP', undefined),
  }),
  fc.record({
    is: fc.constant('rule' as const),
    chain: names,
    rule: fc.constantFrom('', '-j DROP', '-m comment --comment "a b" -j ACCEPT'),
  }),
  fc.constant({ is: 'end' as const }),
);

describe('lines of iptables-save', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(lines, (line) => {
        expect(parseSavedLine(formatSavedLine(line))).toEqual(line);
      }),
    );
  });

  it('are told apart, whatever stands there', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseSavedLine(text).is).toMatch(/^[a-z]+$/);
      }),
    );
  });

  it('may tell how much has passed', () => {
    expect(parseSavedLine('[12:3456] -A OUTPUT -j ACCEPT')).toEqual(parseSavedLine('-A OUTPUT -j ACCEPT'));
    expect(parseSavedLine(':INPUT DROP [12:3456]')).toEqual({ is: 'chain', chain: 'INPUT', policy: 'DROP' });
  });

  it('of a real node are written again as the tool has printed them', () => {
    const dump = readFileSync(
      new URL('../../../../test/data/dumps/iptables.iptables-save', import.meta.url),
      'utf8',
    );
    const said = dump.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const again = said.map(parseSavedLine).map((line) => (line.is === 'other' ? '' : formatSavedLine(line)));
    expect(again).toEqual(said.map((line) => line.replace(/\[\d+:\d+\]$/, '[0:0]')));
  });
});

it('any text of a rule is one of ours, or stays as it is', () => {
  const words = fc.constantFrom(
    ...['-m', 'comment', '--comment', '"a b"', '-j', 'DROP', '!', '-s', '10.0.0.1/32', 'set', '--match-set'],
    ...['A', 'dst,dst', 'mark', '--mark', '0x1', '--dport', '80', '-p', 'tcp', '"', '\\', ''],
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 9 }).map((some) => some.join(' ')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const rule = parseHeldRule(text);
      expect(rule.foreign ?? text).toBe(text);
      if (rule.foreign === undefined) expect(formatHeldRule(rule)).toBeTypeOf('string');
    }),
  );
});

it('words are cut where they were quoted', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '-', '.'), minLength: 1 });
  fc.assert(
    fc.property(fc.array(texts, { minLength: 1 }), (words) => {
      expect(splitWords(words.map(quoteWord).join(' '))).toEqual(words);
    }),
  );
});

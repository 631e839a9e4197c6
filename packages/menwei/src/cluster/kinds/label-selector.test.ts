import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../schema/status-error.ts';
import { matchesLabels, parseLabelSelector } from './label-selector.ts';

const LABELS = { app: 'web', tier: 'front', size: '10' };

describe('a label selector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier', true],
    ['app!=web', false],
    ['none!=web', true],
    ['app in (db, web)', true],
    ['app in (,)', false],
    ['none notin (a)', true],
    ['app notin (web)', false],
    ['tier', true],
    ['!tier', false],
    ['! none', true],
    ['none=', false],
    ['in in (in)', false],
    ['size>9', true],
    ['size<10', false],
    ['tier>1', false],
    ['constructor', false],
    ['app=web,tier=back', false],
  ])('%s', (text, isMatch) => {
    expect(matchesLabels(parseLabelSelector(text), LABELS)).toBe(isMatch);
  });

  it.each([
    ['a===b', "unable to parse requirement: found '=', expected: identifier"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a,', "found '', expected: identifier after ','"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b,', "unable to parse requirement: found '', expected: ',', or identifier"],
    ['a in (=)', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    [
      'a>b',
      `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('%s: %s', (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message);
  });

  it('names the key or value whose syntax is wrong', () => {
    expect(() => parseLabelSelector('a_/b')).toThrow(
      /^unable to parse requirement: <nil>: Invalid value: "a_\/b": prefix part a lowercase RFC 1123/,
    );
    expect(() => parseLabelSelector('a=-')).toThrow(
      /^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-": a valid label must be/,
    );
  });

  it('is a selector or a refusal, whatever the text', () => {
    const symbols = fc.constantFrom(...'=!(),<> ', 'in', 'notin', 'a', 'b', 'é', '\0', '-');
    fc.assert(
      fc.property(
        fc.array(symbols).map((parts) => parts.join('')),
        (text) => {
          try {
            parseLabelSelector(text);
          } catch (error) {
            expect(error).toBeInstanceOf(StatusError);
          }
        },
      ),
    );
  });

  it('holds when each of its requirements does', () => {
    const key = fc.constantFrom('app', 'tier', 'none');
    const values = fc.uniqueArray(fc.constantFrom('web', 'front', 'x'), { minLength: 1 });
    const requirement = fc.oneof(
      key.map((k) => ({ text: k, holds: Object.hasOwn(LABELS, k) })),
      key.map((k) => ({ text: `!${k}`, holds: !Object.hasOwn(LABELS, k) })),
      fc.tuple(key, values).map(([k, v]) => ({ text: `${k} in (${v.join()})`, holds: isOneOf(k, v) })),
      fc.tuple(key, values).map(([k, v]) => ({ text: `${k} notin (${v.join()})`, holds: !isOneOf(k, v) })),
      fc.tuple(key, values).map(([k, [v = '']]) => ({ text: `${k}!=${v}`, holds: !isOneOf(k, [v]) })),
    );
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), (requirements) => {
        const selector = parseLabelSelector(requirements.map(({ text }) => text).join(' , '));
        expect(matchesLabels(selector, LABELS)).toBe(requirements.every(({ holds }) => holds));
      }),
    );
  });
});

function isOneOf(key: string, values: readonly string[]): boolean {
  const value = new Map(Object.entries(LABELS)).get(key);
  return value !== undefined && values.includes(value);
}

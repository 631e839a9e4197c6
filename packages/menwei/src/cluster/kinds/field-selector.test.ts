import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../schema/status-error.ts';
import { demandedValue, matchesFields, parseFieldSelector } from './field-selector.ts';
import { resourceOf } from './resources.ts';

const SLICES = resourceOf('discovery.k8s.io', 'endpointslices');
const OBJECT = { namespace: 'default', name: 'a,b', fields: { reason: 'R' } };

describe('a field selector', () => {
  it.each([
    ['', true],
    ['metadata.name=a\\,b', true],
    ['metadata.name==a\\,b,metadata.namespace=default', true],
    ['metadata.namespace!=default', false],
    [',metadata.namespace!=other,', true],
    ['metadata.name=', false],
  ])('%s', (text, isMatch) => {
    expect(matchesFields(parseFieldSelector(SLICES, text), OBJECT)).toBe(isMatch);
  });

  it.each([
    ['x', "invalid selector: 'x'; can't understand 'x'"],
    [
      'addressType=IPv4',
      '"addressType" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
    ['metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
  ])('%s: %s', (text, message) => {
    expect(() => parseFieldSelector(SLICES, text)).toThrow(message);
  });

  it('tells the value that it demands of a field', () => {
    const selector = parseFieldSelector(SLICES, 'metadata.name=a,metadata.namespace!=b');
    expect(demandedValue(selector, 'metadata.name')).toBe('a');
    expect(demandedValue(selector, 'metadata.namespace')).toBeUndefined();
  });

  it('is a selector or a refusal, whatever the text', () => {
    const parts = fc.constantFrom('metadata.name', '=', '!', ',', '\\', 'a', '\n', 'é');
    fc.assert(
      fc.property(
        fc.array(parts).map((each) => each.join('')),
        (text) => {
          try {
            parseFieldSelector(SLICES, text);
          } catch (error) {
            expect(error).toBeInstanceOf(StatusError);
          }
        },
      ),
    );
  });
});

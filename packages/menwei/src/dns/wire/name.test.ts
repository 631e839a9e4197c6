import { expect, it } from 'vitest';
import { isWithin } from './name.ts';

it.each([
  ['web.corp', 'corp', true],
  ['corp', 'corp', true],
  ['anything', '', true],
  ['', 'corp', false],
  ['webcorp', 'corp', false],
  ['corp.example', 'corp', false],
  // One label, with a dot in it.
  ['web\\.corp', 'corp', false],
  ['a.web\\.corp', 'corp', false],
  // A label that ends with a backslash.
  ['web\\\\.corp', 'corp', true],
  ['web\\\\\\.corp', 'corp', false],
])('%s lies in %j: %s', (name, domain, isInside) => {
  expect(isWithin(name, domain)).toBe(isInside);
});

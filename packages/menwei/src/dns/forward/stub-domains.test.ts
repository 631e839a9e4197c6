import { expect, it } from 'vitest';
import { StubDomains } from './stub-domains.ts';

const stubs = new StubDomains([
  { domain: 'corp', group: 'corp' },
  { domain: 'lab.corp', group: 'lab' },
]);

it.each([
  ['corp', 'corp'],
  ['web.corp', 'corp'],
  ['web.lab.corp', 'lab'],
  ['mylab.corp', 'corp'],
  ['corp.example', undefined],
  ['web\\.corp', undefined],
  ['web\\.lab.corp', 'corp'],
])('%s is asked for at %s', (name, group) => {
  expect(stubs.find(name)).toBe(group);
});

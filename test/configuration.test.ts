/** The same files and command lines give what kube-proxy makes of them, or are refused as it refuses them (spec § 10). */
import { resolve } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';
import type { ConfigurationCase } from './configuration/case.ts';
import { DISTRIBUTIONS } from './configuration/distributions.ts';
import { MEANINGS } from './configuration/meanings.ts';
import { REFUSALS } from './configuration/refusals.ts';

const ALL = [...DISTRIBUTIONS, ...MEANINGS, ...REFUSALS];

it('the table is large, and has no case twice', () => {
  expect(ALL.length).toBeGreaterThan(120);
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
});

describe.each([
  ['distributions', DISTRIBUTIONS],
  ['single settings', MEANINGS],
  ['refused', REFUSALS],
])('%s', (_title, cases) => {
  it.each(cases)(
    '$name',
    ({ args = '', file, settings = {}, refused = [], warned = [] }: ConfigurationCase) => {
      const resolved = resolve(args.split(' ').filter(Boolean), file);
      if ('errors' in resolved) {
        const begins = refused.map((start) => expect.stringMatching(new RegExp(`^${RegExp.escape(start)}`)));
        expect(resolved.errors).toEqual(expect.arrayContaining(begins));
        expect(resolved.errors).toHaveLength(refused.length);
        return;
      }
      expect(refused).toEqual([]);
      expect(resolved.settings).toMatchObject(settings);
      expect(resolved.warnings).toEqual(warned.map((part) => expect.stringMatching(part)));
    },
  );
});

/** The same files and command lines give what kube-proxy makes of them, or are refused as it refuses them (spec § 10). */
import { resolve } from '@menwei/testing/config/testing.ts';
import { FIELDS } from 'menwei/config/configuration.ts';
import { documentOf } from 'menwei/config/format.ts';
import { describe, expect, it } from 'vitest';
import type { ConfigurationCase } from './configuration/case.ts';
import { DISTRIBUTIONS } from './configuration/distributions.ts';
import { DEFAULT_CONFIGURATION, KUBEADM_CONFIGURATION } from './configuration/effective.ts';
import { MEANINGS } from './configuration/meanings.ts';
import { REFUSALS } from './configuration/refusals.ts';
import { KUBEADM } from './configuration/shapes.ts';

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

describe('every field', () => {
  it.each([
    ['without a file', undefined, DEFAULT_CONFIGURATION],
    ['of an empty file', '', { ...DEFAULT_CONFIGURATION, ipvs: KUBEADM_CONFIGURATION.ipvs }],
    ['of the file that kubeadm writes', KUBEADM, KUBEADM_CONFIGURATION],
  ])('%s', (_title, file, expected) => {
    const resolved = resolve([], file);
    if ('errors' in resolved) throw new Error(resolved.errors.join('\n'));
    const own = FIELDS.filter(({ ours }) => ours === true).map(({ path }) => path);
    expect(withoutFields(documentOf(resolved.configuration), own)).toEqual(expected);
  });
});

/** Without the fields that kube-proxy does not have. */
function withoutFields(document: object, paths: readonly string[], prefix = ''): unknown {
  const entries = Object.entries(document).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    if (paths.includes(path)) return [];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[name, value]];
    const inner = withoutFields(value, paths, `${path}.`);
    const isOwn =
      !Object.keys(value).some((key) => !paths.includes(`${path}.${key}`)) && Object.keys(value).length > 0;
    return isOwn ? [] : [[name, inner]];
  });
  return Object.fromEntries(entries);
}

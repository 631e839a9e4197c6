/** `spec § 4.10` and `KQ-13` in a comment lead to a place in docs/reference/kube-proxy.md. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const REFERENCE = readFileSync(join(ROOT, 'docs/reference/kube-proxy.md'), 'utf8');
const SECTIONS = new Set(
  Array.from(REFERENCE.matchAll(/^##? (\d+(?:\.\d+)?)[. ]/gm), ([, number = '']) => number),
);
const QUIRKS = new Set(Array.from(REFERENCE.matchAll(/^\| (KQ-\d+) \|/gm), ([, number = '']) => number));

const files = globSync(['{packages,test,bench,scripts}/**/*.ts', 'docs/*.md', 'docs/decisions/*.md'], {
  cwd: ROOT,
  exclude: (path) => path.includes('node_modules'),
}).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

/** `spec §§ 4.7-4.9, 10` names 4.7, 4.9 and 10. */
function sectionsIn(text: string): readonly string[] {
  const mentions = text.matchAll(/\bspec §§?((?:(?:,| and|-|, §)? ?\d+(?:\.\d+)?)+)/g);
  return Array.from(mentions, ([, list = '']) => list.match(/\d+(?:\.\d+)?/g) ?? []).flat();
}

it('has the sections that are named', () => {
  const named = files.flatMap(({ path, text }) => sectionsIn(text).map((section) => ({ path, section })));
  expect(named.length).toBeGreaterThan(80);
  expect(named.filter(({ section }) => !SECTIONS.has(section))).toEqual([]);
});

it('has the quirks that are named', () => {
  const named = files.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\bKQ-\d+\b/g), ([quirk]) => ({ path, quirk })),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter(({ quirk }) => !QUIRKS.has(quirk))).toEqual([]);
});

it('says once of each quirk what became of it', () => {
  const text = readFileSync(join(ROOT, 'docs/quirks.md'), 'utf8');
  const rows = Array.from(
    text.matchAll(/^\| (KQ-\d+) \| .+ \| (?:fixed|kept|absent): .+ \|$/gm),
    ([, quirk]) => quirk,
  );
  expect(QUIRKS.size).toBeGreaterThan(30);
  expect(rows).toEqual([...QUIRKS]);
});

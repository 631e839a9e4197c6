/**
 * `spec § 4.10` and `KQ-13` in a comment lead to a place in docs/reference/kube-proxy.md, `cluster § 9.5` and `CQ-3` to one in
 * docs/reference/cluster.md, `load-balancer § 5.2` and `LQ-3` to one in docs/reference/load-balancer.md,
 * `dns § 2` and `DQ-3` to one in docs/reference/dns.md, `health § 3` to one in docs/reference/health.md.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
interface Reference {
  readonly name: string;
  readonly text: string;
  /** What sections of it are called: `spec § 4.10`. */
  readonly word: string;
  readonly quirk: string;
  /** So that a pattern that finds nothing is noticed. */
  readonly least: { readonly sections: number; readonly quirks: number };
}

const REFERENCES: readonly Reference[] = [
  { name: 'kube-proxy', word: 'spec', quirk: 'KQ', least: { sections: 80, quirks: 5 } },
  { name: 'cluster', word: 'cluster', quirk: 'CQ', least: { sections: 40, quirks: 3 } },
  { name: 'load-balancer', word: 'load-balancer', quirk: 'LQ', least: { sections: 1, quirks: 0 } },
  { name: 'dns', word: 'dns', quirk: 'DQ', least: { sections: 0, quirks: -1 } },
  { name: 'health', word: 'health', quirk: 'HQ', least: { sections: 1, quirks: -1 } },
].map((reference) => ({
  ...reference,
  text: readFileSync(join(ROOT, `docs/reference/${reference.name}.md`), 'utf8'),
}));

const files = globSync(['{packages,test,bench,scripts}/**/*.ts', 'docs/*.md', 'docs/decisions/*.md'], {
  cwd: ROOT,
  exclude: (path) => path.includes('node_modules'),
}).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

function quirksOf({ text, quirk }: Reference): ReadonlySet<string> {
  const rows = text.matchAll(new RegExp(`^\\| (${quirk}-\\d+) \\|`, 'gm'));
  return new Set(Array.from(rows, ([, number = '']) => number));
}

/** `spec §§ 4.7-4.9, 10` names 4.7, 4.9 and 10. */
function sectionsIn(text: string, word: string): readonly string[] {
  const mentions = text.matchAll(new RegExp(`\\b${word} §§?((?:(?:,| and|-|, §)? ?\\d+(?:\\.\\d+)?)+)`, 'g'));
  return Array.from(mentions, ([, list = '']) => list.match(/\d+(?:\.\d+)?/g) ?? []).flat();
}

describe.each(REFERENCES)('the reference $name', (reference) => {
  it('has the sections that are named', () => {
    const { text, word, least } = reference;
    // Short sections have no line of their own for their heading: `7.2 **Closed ports.** …`.
    const headings = text.matchAll(/(?:^##? |^(?=\d+\.\d+ )|· )(\d+(?:\.\d+)?)[. ]/gm);
    const sections = new Set(Array.from(headings, ([, number = '']) => number));
    const named = files.flatMap(({ path, text: file }) =>
      sectionsIn(file, word).map((section) => ({ path, section })),
    );
    expect(named.length).toBeGreaterThan(least.sections);
    expect(named.filter(({ section }) => !sections.has(section))).toEqual([]);
  });

  it('has the quirks that are named', () => {
    const { quirk, least } = reference;
    const quirks = quirksOf(reference);
    const named = files.flatMap(({ path, text }) =>
      Array.from(text.matchAll(new RegExp(`\\b${quirk}-\\d+\\b`, 'g')), ([each]) => ({ path, quirk: each })),
    );
    expect(named.length).toBeGreaterThan(least.quirks);
    expect(named.filter((each) => !quirks.has(each.quirk))).toEqual([]);
  });
});

it('says once of each quirk what became of it', () => {
  const text = readFileSync(join(ROOT, 'docs/quirks.md'), 'utf8');
  const rows = Array.from(
    text.matchAll(/^\| (KQ-\d+) \| .+ \| (?:fixed|kept|absent): .+ \|$/gm),
    ([, quirk]) => quirk,
  );
  const quirks = REFERENCES.filter(({ quirk }) => quirk === 'KQ').flatMap((each) => [...quirksOf(each)]);
  expect(quirks.length).toBeGreaterThan(30);
  expect(rows).toEqual(quirks);
});

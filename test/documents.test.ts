/** What documents and comments name is there: files that links, code spans and comments lead to, and scripts of npm. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const exclude = (path: string) => path.includes('node_modules') || path.includes('/reference/');
const read = (path: string) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });

const documents = globSync(['*.md', '{deploy,docs,packages}/**/*.md'], { cwd: ROOT, exclude }).map(read);
const sources = globSync(['{packages,test,bench,scripts,deploy}/**/*.ts'], { cwd: ROOT, exclude }).map(read);
/** With a slash before each, so that a name's end can be looked for. */
const all = globSync('{*,{bench,bin,deploy,docs,packages,scripts,test}/**/*}', { cwd: ROOT, exclude }).map(
  (path) => `/${path}`,
);

it('links lead to files that there are', () => {
  const broken = documents.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\]\((?!https?:)([^)#\s]+)/g), ([, target = '']) => target)
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

it('code spans name files that there are', () => {
  const wrong = documents.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/`(@?[\w./-]+\.ts)`/g), ([, name = '']) => name)
      .filter((name) => !isThere(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

it('comments and documents name documents that there are', () => {
  const wrong = [...sources, ...documents].flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\bdocs\/(?:[\w/-]+\.md|decisions\/\d{4})/g), ([name]) => name)
      .filter((name) => globSync([name, `${name}-*.md`], { cwd: ROOT }).length === 0)
      .map((name) => `${path}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

it('documents name scripts of npm that there are', () => {
  const scripts = /"scripts": \{(.*?)\}/s.exec(readFileSync(join(ROOT, 'package.json'), 'utf8'))?.[1] ?? '';
  const named = documents.flatMap(({ text }) =>
    Array.from(text.matchAll(/npm run (?:--\S+ )*([a-z][a-z:-]*)/g), ([, name = '']) => name),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !scripts.includes(`"${name}":`))).toEqual([]);
});

/** A name may be that of a path from anywhere, and `@menwei/kernel/netns.ts` is in `packages/kernel/src`. */
function isThere(name: string): boolean {
  const end = name.replace(/^@menwei\/([^/]+)/, '/packages/$1/src').replace(/^(?:\.\.?\/)+/, '');
  return all.some((path) => path.endsWith(end.startsWith('/') ? end : `/${end}`));
}

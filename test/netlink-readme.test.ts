/** What the README of @menwei/netlink shows are its examples, which run in kernel/netlink-package.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PACKAGE = join(import.meta.dirname, '../packages/netlink');
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const EXAMPLES = join(PACKAGE, 'examples');

const shown = Array.from(README.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code);
const files = readdirSync(EXAMPLES).map((name) => readFileSync(join(EXAMPLES, name), 'utf8'));

describe('the README of @menwei/netlink', () => {
  it('shows all examples as they are, and no other', () => {
    expect(shown.toSorted()).toEqual(files.toSorted());
  });

  it('names every entry point', () => {
    const { exports }: { exports: object } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
    const names = Object.keys(exports).map((name) => name.replace('.', '@menwei/netlink'));
    expect(names.filter((name) => !new RegExp(`${name}['\`]`).test(README))).toEqual([]);
  });
});

/** The generated documents of docs/reference say what the program's tables say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DOCUMENTS } from '../scripts/reference/documents.ts';

const ROOT = join(import.meta.dirname, '..');

it.each(DOCUMENTS)('$path is what `npm run docs:reference` makes', ({ path, make }) => {
  expect(readFileSync(join(ROOT, path), 'utf8')).toBe(make());
});

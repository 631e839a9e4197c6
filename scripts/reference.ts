/** Writes the documents of docs/reference that are made of the program's own tables. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOCUMENTS } from './reference/documents.ts';

const ROOT = join(import.meta.dirname, '..');

for (const { path, make } of DOCUMENTS) {
  writeFileSync(join(ROOT, path), make());
  process.stdout.write(`wrote ${path}\n`);
}

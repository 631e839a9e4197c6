/** Objects as kube-apiserver 1.36.2 writes them are in canonical form, byte by byte. */
import { readFileSync } from 'node:fs';
import { RESOURCES } from 'menwei/cluster/kinds/resources.ts';
import { canonicalForm } from 'menwei/cluster/schema/canonical-form.ts';
import { decodeBody } from 'menwei/cluster/schema/decode-body.ts';
import { expect, it } from 'vitest';

const FILES = ['errors', 'defaults', 'watch', 'deletes', 'apply'] as const;

/** All that the server answered with, however deep in a row. */
function objectsIn(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return [];
  const isObject =
    'kind' in value && 'apiVersion' in value && /"creationTimestamp":"/.test(JSON.stringify(value));
  const inner = Object.entries(value).filter(([key]) => key !== 'request');
  return [...(isObject ? [value] : []), ...inner.flatMap(([, one]) => objectsIn(one))];
}

/** To keep the file short, the spec of pods was cut out of it. */
const isCut = (text: string) => text.startsWith('{"kind":"Pod"') && !text.includes('"spec":');

it.each(FILES)('%s.jsonl', (name) => {
  const file = new URL(`../data/cluster-golden/${name}.jsonl`, import.meta.url);
  const rows = readFileSync(file, 'utf8').trimEnd().split('\n');
  const texts = rows.flatMap((row) => objectsIn(JSON.parse(row))).map((object) => JSON.stringify(object));
  let count = 0;
  for (const text of new Set(texts)) {
    const { kind, apiVersion } = JSON.parse(text);
    const resource = RESOURCES.find(
      (one) => one.kind === kind && apiVersion === (one.group === '' ? 'v1' : `${one.group}/v1`),
    );
    if (resource === undefined || isCut(text)) continue;
    const { object, faults } = decodeBody(resource, Buffer.from(text), 'json');
    expect(faults).toEqual([]);
    // What was not written has no version yet.
    const written = JSON.stringify(canonicalForm(resource.message, object)).replace(
      /,"resourceVersion":""/,
      '',
    );
    expect(written).toBe(text);
    count += 1;
  }
  expect(count).toBeGreaterThan(1);
});

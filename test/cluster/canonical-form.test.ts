/** Objects as kube-apiserver 1.36.2 writes them are in canonical form, byte by byte. */
import { RESOURCES } from 'menwei/cluster/kinds/resources.ts';
import { canonicalForm } from 'menwei/cluster/schema/canonical-form.ts';
import { decodeBody } from 'menwei/cluster/schema/decode-body.ts';
import { apiVersionOf } from 'menwei/cluster/schema/object.ts';
import { expect, it } from 'vitest';
import { readGolden } from './golden-rows.ts';

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
  const texts = readGolden(name)
    .flatMap(objectsIn)
    .map((object) => JSON.stringify(object));
  let count = 0;
  for (const text of new Set(texts)) {
    const { kind, apiVersion } = JSON.parse(text);
    const resource = RESOURCES.find((one) => one.kind === kind && apiVersion === apiVersionOf(one));
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

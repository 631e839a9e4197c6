import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ApiObject } from '../schema/object.ts';
import { decodeStored, makeStored, textOf } from './encoding.ts';

const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '{', '}', '"metadata":', 'é', '\u0000') });
const map = fc.dictionary(text, text, { maxKeys: 3 });

it('reads the same of an object whether all of it is parsed or its metadata alone', () => {
  const object = fc.record({
    kind: text,
    apiVersion: text,
    metadata: fc.record({
      name: text,
      labels: map,
      annotations: map,
      ownerReferences: fc.array(fc.record({ uid: text })),
    }),
    data: map,
  });
  fc.assert(
    fc.property(object, fc.nat(), (any, revision) => {
      const given: ApiObject = JSON.parse(JSON.stringify(any));
      const made = makeStored('configmaps', given, revision, textOf(given)(revision), () => undefined);
      const { bytes } = made;
      expect(decodeStored('configmaps', revision, bytes, () => undefined)).toEqual(made);
      expect(decodeStored('configmaps', revision, bytes, () => () => ({}))).toEqual(made);
    }),
    { numRuns: 500 },
  );
});

/** Laws of the rules of all kinds: whatever a client sends, if it is of the right types, has an answer. */
import { arbitraryMessage } from '@menwei/testing/cluster/arbitrary-objects.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalForm } from '../schema/canonical-form.ts';
import { formatErrorBody } from '../schema/field-error.ts';
import { type ApiObject, apiVersionOf } from '../schema/object.ts';
import { objectInvalid } from '../schema/status-error.ts';
import { toCoreEvent, toNewEvent } from './event-shapes.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata.ts';
import type { Resource } from './resource.ts';
import { RESOURCES, resourceOf } from './resources.ts';
import { rulesOf } from './rules.ts';

const STORED = RESOURCES.filter(({ storedAs }) => storedAs !== undefined);
const RUNS = 25;

function anyObject(resource: Resource): fc.Arbitrary<ApiObject> {
  // Rules have Events as they are kept.
  const message = resource.storedAs === 'events' ? 'core.v1.Event' : resource.message;
  return arbitraryMessage(message).map((fields) => ({
    metadata: {},
    ...fields,
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
  }));
}

describe.each(STORED.map((resource) => [`${resource.resource} of "${resource.group}"`, resource] as const))(
  'any of the %s',
  (_, resource) => {
    const rules = rulesOf(resource);
    const message = resource.storedAs === 'events' ? 'core.v1.Event' : resource.message;
    const textOf = (object: ApiObject) => JSON.stringify(canonicalForm(message, object));

    it('is created or refused, and has a row', () => {
      fc.assert(
        fc.property(anyObject(resource), (object) => {
          const given = rules.defaults(object);
          const prepared = rules.prepareForCreate?.(given, 0) ?? given;
          const errors = [...validateMetadata(prepared.metadata, resource), ...rules.validate(prepared)];
          for (const error of errors) expect(typeof formatErrorBody(error)).toBe('string');
          for (const text of rules.warnings?.(prepared) ?? []) expect(typeof text).toBe('string');
          const { cells } = rules.table.row(prepared, 0);
          expect(cells).toHaveLength(rules.table.columns.length);
          expect(Object.keys(rules.selectableFields?.(prepared) ?? {})).toEqual([
            ...(rules.fieldNames ?? []),
          ]);
        }),
        { numRuns: RUNS },
      );
    });

    it('is the same with its defaults and with them again', () => {
      fc.assert(
        fc.property(anyObject(resource), (object) => {
          const once = rules.defaults(object);
          expect(textOf(rules.defaults(once))).toBe(textOf(once));
        }),
        { numRuns: RUNS },
      );
    });

    it('becomes any other or is refused, and nothing changes by itself', () => {
      fc.assert(
        fc.property(anyObject(resource), anyObject(resource), (one, other) => {
          const [old, object] = [rules.defaults(one), rules.defaults(other)];
          const next = rules.prepareForUpdate?.(object, old) ?? object;
          const errors = [
            ...validateMetadataUpdate(next.metadata, old.metadata),
            ...rules.validate(next, old),
            ...(rules.validateUpdate?.(next, old) ?? []),
            ...(rules.validateStatusUpdate?.(rules.prepareForStatusUpdate?.(object, old) ?? object, old) ??
              []),
            ...(rules.validateFinalize?.(object, old) ?? []),
          ];
          for (const error of errors) expect(typeof formatErrorBody(error)).toBe('string');
          expect(rules.validateUpdate?.(old, canonicalForm(message, old)) ?? []).toEqual([]);
        }),
        { numRuns: RUNS },
      );
    });
  },
);

it('what fills a whole body with one list is judged all the same', () => {
  const rules = rulesOf(resourceOf('', 'pods'));
  const many = <Item>(item: (i: number) => Item) => Array.from({ length: 20_000 }, (_, i) => item(i));
  const pod = (spec: object, status = {}): ApiObject & { readonly spec: object } => {
    const metadata = { name: 'p', finalizers: many((i) => `a.b/${i}`) };
    return { kind: 'Pod', apiVersion: 'v1', metadata, ...{ spec, status } };
  };
  const containers = many((i) => ({ name: `C${i}` }));
  const tolerations = many((i) => ({ key: `k${i}`, operator: 'Exists' }));
  const ended = many((i) => ({ name: `C${i}`, state: { terminated: {} } }));
  const conditions = many((i) => ({ type: `a b ${i}` }));
  const old = pod({ containers, tolerations, restartPolicy: 'Never' }, { containerStatuses: ended });
  const next = pod({ containers, tolerations }, { containerStatuses: containers, conditions });
  const errors = rules.validate(next, old);
  expect(errors.length).toBeGreaterThan(20_000);
  const { message } = objectInvalid(resourceOf('', 'pods'), 'p', errors);
  expect(message).toMatch(/, and 79800 more\]$/);
  expect(message.length).toBeLessThan(100_000);
  expect(rules.validateUpdate?.(next, old)).toHaveLength(1);
  expect(rules.validateStatusUpdate?.(next, old)).toHaveLength(40_000);
  expect(rules.table.row(next, 0).cells[1]).toBe('0/20000');
  const deleted = { ...old.metadata, deletionTimestamp: '2026-11-30T05:41:36Z' };
  expect(validateMetadataUpdate(deleted, deleted)).toEqual([]);
});

it('an Event is the same in both shapes', () => {
  fc.assert(
    fc.property(arbitraryMessage('core.v1.Event'), (fields) => {
      const event = canonicalForm('core.v1.Event', {
        metadata: {},
        ...fields,
        kind: 'Event',
        apiVersion: 'v1',
      });
      expect(canonicalForm('core.v1.Event', toCoreEvent(toNewEvent(event)))).toEqual(event);
    }),
  );
});

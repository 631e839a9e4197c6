import { describe, expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import type { ObjectMeta } from '../schema/object.ts';
import { type MetadataRules, validateMetadata, validateMetadataUpdate } from './metadata.ts';
import { whyNoDnsLabel } from './syntax.ts';

const NAMESPACED: MetadataRules = { isNamespaced: true };

function errorsOf(metadata: ObjectMeta, rules = NAMESPACED): string[] {
  return validateMetadata(metadata, rules).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

function updateErrors(metadata: ObjectMeta, old: ObjectMeta): string[] {
  return validateMetadataUpdate(metadata, old).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

describe('metadata', () => {
  it('needs a name, and a namespace where its kind has one', () => {
    expect(errorsOf({})).toEqual([
      'metadata.name: Required value: name or generateName is required',
      'metadata.namespace: Required value',
    ]);
    expect(errorsOf({ name: 'a', namespace: 'b' }, { isNamespaced: false })).toEqual([
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
    expect(errorsOf({ name: 'a.b', namespace: 'b' })).toEqual([]);
    expect(errorsOf({ name: 'a.b', namespace: 'b' }, { ...NAMESPACED, validateName: whyNoDnsLabel })).toEqual(
      ['metadata.name: Invalid value: "a.b": must not contain dots'],
    );
  });

  it('lets the beginning of a name end in a dash', () => {
    expect(errorsOf({ name: 'web-x', generateName: 'web-', namespace: 'a' })).toEqual([]);
    expect(errorsOf({ name: 'web-x', generateName: 'Web-', namespace: 'a' })[0]).toMatch(
      /^metadata.generateName: Invalid value: "Web-": a lowercase RFC 1123 subdomain/,
    );
  });

  it('holds labels and annotations to their syntax and size', () => {
    const errors = errorsOf({
      name: 'a',
      namespace: 'a',
      labels: { 'a b': 'ok', ok: 'a b' },
      annotations: { 'x y': '', big: 'x'.repeat(256 * 1024) },
    });
    expect(errors.map((error) => error.slice(0, 50))).toEqual([
      'metadata.labels: Invalid value: "a b": name part m',
      'metadata.labels: Invalid value: "a b": a valid lab',
      'metadata.annotations: Invalid value: "x y": name p',
      'metadata.annotations: Too long: may not be more th',
    ]);
  });

  it('holds owners and finalizers to their rules', () => {
    const owner = { apiVersion: 'v1', kind: 'Service', name: 'a', uid: 'u', controller: true };
    const ownerReferences = [owner, { ...owner, apiVersion: '', kind: 'Event', uid: '' }];
    const finalizers = ['nope', 'orphan', 'foregroundDeletion', 'example.com/f'];
    const base = { name: 'a', namespace: 'a' };
    expect(errorsOf({ ...base, ownerReferences })).toEqual([
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
      expect.stringMatching(/Found "true" in references for Service\/a and Event\/a$/),
    ]);
    expect(errorsOf({ ...base, finalizers })).toEqual([
      expect.stringMatching(/finalizer orphan and foregroundDeletion cannot be both set$/),
      'metadata.finalizers[0]: Invalid value: "nope": name is neither a standard finalizer name nor is it fully qualified',
    ]);
  });

  it('keeps on an update what may not change', () => {
    const old = { name: 'a', namespace: 'n', uid: 'u', creationTimestamp: '2026-11-30T05:39:00Z' };
    expect(updateErrors({ ...old, labels: { a: 'b' } }, old)).toEqual([]);
    expect(updateErrors({ ...old, uid: 'v' }, old)).toEqual([
      'metadata.uid: Invalid value: "v": field is immutable',
    ]);
  });

  it('takes no new finalizers of an object that is being deleted', () => {
    const old = { name: 'a', deletionTimestamp: '2026-11-30T05:39:00Z', finalizers: ['e.com/f'] };
    expect(updateErrors({ ...old, finalizers: [] }, old)).toEqual([]);
    expect(updateErrors({ ...old, finalizers: ['e.com/f', 'e.com/g'] }, old)).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"e.com/g"}',
    ]);
  });
});

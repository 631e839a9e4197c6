/** What every object's metadata must fulfil, whatever its kind (cluster § 7.2). Values that clients may not choose are not looked at. */
import { type FieldError, forbidden, invalid, required, tooLong } from '../schema/field-error.ts';
import type { ObjectMeta, OwnerReference } from '../schema/object.ts';
import { invalidEach, whyNoDnsLabel, whyNoDnsSubdomain, whyNoLabelKey, whyNoLabelValue } from './syntax.ts';

/** What of it depends on the kind. */
export interface MetadataRules {
  readonly isNamespaced: boolean;
  /** Absent: a DNS subdomain. */
  readonly validateName?: ((name: string) => readonly string[]) | undefined;
}

const MAX_ANNOTATIONS_BYTES = 256 * 1024;
/** The only finalizers without a domain. */
const STANDARD_FINALIZERS: readonly string[] = ['foregroundDeletion', 'kubernetes', 'orphan'];

/** On create, once the name has been generated. */
export function validateMetadata(
  metadata: ObjectMeta,
  { isNamespaced, validateName = whyNoDnsSubdomain }: MetadataRules,
): readonly FieldError[] {
  const { name = '', generateName = '' } = metadata;
  const whyNoGenerateName = generateName === '' ? [] : validateName(withoutTrailingDash(generateName));
  return [
    ...invalidEach('metadata.generateName', generateName, whyNoGenerateName),
    ...(name === ''
      ? [required('metadata.name', 'name or generateName is required')]
      : invalidEach('metadata.name', name, validateName(name))),
    ...namespaceErrors(metadata.namespace ?? '', isNamespaced),
    ...commonErrors(metadata),
  ];
}

/** On every update, of a subresource too. */
export function validateMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta): readonly FieldError[] {
  return [
    ...(old.deletionTimestamp === undefined ? [] : newFinalizerErrors(metadata, old)),
    ...IMMUTABLE.flatMap((field) =>
      metadata[field] === old[field]
        ? []
        : [invalid(`metadata.${field}`, metadata[field], 'field is immutable')],
    ),
    ...commonErrors(metadata),
  ];
}

const IMMUTABLE = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** Of an object's labels, a selector, and other maps of that form. */
export function labelErrors(
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): readonly FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidEach(field, key, whyNoLabelKey(key)),
    ...invalidEach(field, value, whyNoLabelValue(value)),
  ]);
}

/** Undefined unless the object has it itself: keys are whatever clients chose. */
export function annotationOf({ annotations = {} }: ObjectMeta, key: string): string | undefined {
  return Object.hasOwn(annotations, key) ? annotations[key] : undefined;
}

/** `kubernetes`, or a name with a domain. */
export function finalizerErrors(field: string, finalizer: string): readonly FieldError[] {
  return [
    ...invalidEach(field, finalizer, whyNoLabelKey(finalizer)),
    ...standardFinalizerErrors(field, finalizer),
  ];
}

function standardFinalizerErrors(field: string, finalizer: string): readonly FieldError[] {
  if (finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return [];
  return [invalid(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')];
}

function namespaceErrors(namespace: string, isNamespaced: boolean): readonly FieldError[] {
  const field = 'metadata.namespace';
  if (!isNamespaced) return namespace === '' ? [] : [forbidden(field, 'not allowed on this type')];
  return namespace === '' ? [required(field)] : invalidEach(field, namespace, whyNoDnsLabel(namespace));
}

function commonErrors({
  labels,
  annotations,
  ownerReferences = [],
  finalizers = [],
}: ObjectMeta): FieldError[] {
  return [
    ...labelErrors('metadata.labels', labels),
    ...annotationErrors(annotations ?? {}),
    ...ownerErrors(ownerReferences),
    ...finalizerListErrors(finalizers),
  ];
}

function annotationErrors(annotations: Readonly<Record<string, string>>): readonly FieldError[] {
  const field = 'metadata.annotations';
  const entries = Object.entries(annotations);
  const bytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.join('')), 0);
  return [
    ...entries.flatMap(([key]) => invalidEach(field, key, whyNoLabelKey(key.toLowerCase()))),
    ...(bytes > MAX_ANNOTATIONS_BYTES ? [tooLong(field, MAX_ANNOTATIONS_BYTES)] : []),
  ];
}

function ownerErrors(owners: readonly OwnerReference[]): readonly FieldError[] {
  const field = 'metadata.ownerReferences';
  const [controller, other] = owners
    .filter((owner) => owner.controller === true)
    .map(({ kind = '', name = '' }) => `${kind}/${name}`);
  const two = `Found "true" in references for ${controller} and ${other}`;
  return [
    ...owners.flatMap((owner) => ownerReferenceErrors(field, owner)),
    ...(other === undefined
      ? []
      : [invalid(field, owners, `Only one reference can have Controller set to true. ${two}`)]),
  ];
}

function ownerReferenceErrors(field: string, owner: OwnerReference): readonly FieldError[] {
  const { apiVersion = '', kind = '', name = '', uid = '' } = owner;
  const errors: FieldError[] = [];
  const parts = apiVersion.split('/');
  if (parts.length > 2 || parts.at(-1) === '') {
    errors.push(invalid(`${field}.apiVersion`, apiVersion, 'version must not be empty'));
  }
  for (const [part, value] of Object.entries({ kind, name, uid })) {
    if (value === '') errors.push(invalid(`${field}.${part}`, value, 'must not be empty'));
  }
  if (apiVersion === 'v1' && kind === 'Event') {
    errors.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

function finalizerListErrors(finalizers: readonly string[]): readonly FieldError[] {
  const field = 'metadata.finalizers';
  const isBoth = finalizers.includes('orphan') && finalizers.includes('foregroundDeletion');
  return [
    ...finalizers.flatMap((finalizer) => invalidEach(field, finalizer, whyNoLabelKey(finalizer))),
    ...(isBoth
      ? [invalid(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')]
      : []),
    ...finalizers.flatMap((finalizer, i) => standardFinalizerErrors(`${field}[${i}]`, finalizer)),
  ];
}

function newFinalizerErrors({ finalizers = [] }: ObjectMeta, old: ObjectMeta): readonly FieldError[] {
  const extra = [...new Set(finalizers).difference(new Set(old.finalizers))].sort();
  if (extra.length === 0) return [];
  const told = extra.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  const why = 'no new finalizers can be added if the object is being deleted, found new finalizers';
  return [forbidden('metadata.finalizers', `${why} []string{${told}}`)];
}

/** So that what a random suffix will follow may end in a dash; the letter stands for the suffix. */
function withoutTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

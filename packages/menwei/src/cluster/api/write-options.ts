/** The query of a write, checked: CreateOptions, UpdateOptions, PatchOptions (cluster § 7.1, 7.2). Pure. */
import { type FieldError, forbidden, notSupported, tooLong } from '../schema/field-error.ts';
import type { FieldValidation } from '../schema/field-validation.ts';
import { objectInvalid } from '../schema/status-error.ts';
import { isTrue } from './request-info.ts';

interface WriteRequestOptions {
  readonly isDryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

type Kind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const FIELD_VALIDATIONS: readonly FieldValidation[] = ['Ignore', 'Strict', 'Warn'];
const MAX_MANAGER_BYTES = 128;

/** @throws StatusError 422 */
export function parseWriteOptions(kind: Kind, query: URLSearchParams): WriteRequestOptions {
  const given = query.get('fieldValidation') ?? '';
  const fieldValidation = FIELD_VALIDATIONS.find((each) => each === given);
  const manager = query.get('fieldManager') ?? '';
  const errors: FieldError[] = [
    ...(kind === 'PatchOptions' && isTrue(query.get('force'))
      ? [forbidden('force', 'may not be specified for non-apply patch')]
      : []),
    ...(Buffer.byteLength(manager) > MAX_MANAGER_BYTES ? [tooLong('fieldManager', MAX_MANAGER_BYTES)] : []),
    ...checkDryRun(query.getAll('dryRun')),
    ...(given !== '' && fieldValidation === undefined
      ? [notSupported('fieldValidation', given, ['', ...FIELD_VALIDATIONS])]
      : []),
  ];
  refuse(kind, errors);
  return { isDryRun: query.has('dryRun'), fieldValidation: fieldValidation ?? 'Warn' };
}

/** @param values as given */
export function checkDryRun(values: readonly string[]): readonly FieldError[] {
  return values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])];
}

/** @throws StatusError 422 if there are errors */
export function refuse(kind: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw objectInvalid({ group: 'meta.k8s.io', kind, resource: '' }, '', errors);
}

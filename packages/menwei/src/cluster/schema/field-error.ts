/** What is wrong with a field of an object, in the words of Kubernetes (k8s.io/apimachinery/pkg/util/validation/field). */

type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'Duplicate'
  | 'NotSupported'
  | 'Forbidden'
  | 'TooLong'
  | 'TooMany'
  | 'InternalError';

/** One thing that is wrong with one field. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.ports[0].name`; map keys in brackets: `metadata.annotations[key]`. */
  readonly field: string;
  /** Printed by the types that print one. */
  readonly value?: unknown;
  readonly detail?: string;
}

const WORDS: Readonly<Record<FieldErrorType, string>> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  Duplicate: 'Duplicate value',
  NotSupported: 'Unsupported value',
  Forbidden: 'Forbidden',
  TooLong: 'Too long',
  TooMany: 'Too many',
  InternalError: 'Internal error',
};

/** The cause's `reason` in a Status. */
export const CAUSE_REASONS: Readonly<Record<FieldErrorType, string>> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  Duplicate: 'FieldValueDuplicate',
  NotSupported: 'FieldValueNotSupported',
  Forbidden: 'FieldValueForbidden',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  InternalError: 'InternalError',
};

const WITHOUT_VALUE: readonly FieldErrorType[] = ['Required', 'Forbidden', 'TooLong', 'InternalError'];

export const required = (field: string, detail?: string): FieldError =>
  make('Required', field, undefined, detail);
export const invalid = (field: string, value: unknown, detail: string): FieldError =>
  make('Invalid', field, value, detail);
export const duplicate = (field: string, value: unknown): FieldError => make('Duplicate', field, value);
export const forbidden = (field: string, detail: string): FieldError =>
  make('Forbidden', field, undefined, detail);

/** @param supported sorted here */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  return notSupportedInOrder(field, value, supported.toSorted());
}

/** For the few fields whose values the reference lists in an order of its own. */
export function notSupportedInOrder(field: string, value: unknown, supported: readonly string[]): FieldError {
  const values = supported.map((one) => JSON.stringify(one));
  return make('NotSupported', field, value, `supported values: ${values.join(', ')}`);
}

export function tooLong(field: string, maxBytes: number): FieldError {
  return make('TooLong', field, undefined, `may not be more than ${maxBytes} bytes`);
}

export function tooMany(field: string, count: number, max: number): FieldError {
  return make('TooMany', field, count, `must have at most ${max} items`);
}

/** Without the field: `Invalid value: "x": must be …`; the message of a cause. */
export function formatErrorBody({ type, value, detail }: FieldError): string {
  const parts = [WORDS[type]];
  if (!WITHOUT_VALUE.includes(type)) parts.push(formatValue(value));
  if (detail !== undefined && detail !== '') parts.push(detail);
  return parts.join(': ');
}

function formatValue(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

function make(type: FieldErrorType, field: string, value?: unknown, detail?: string): FieldError {
  return { type, field, value, ...(detail === undefined ? {} : { detail }) };
}

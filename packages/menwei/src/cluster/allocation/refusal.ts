/** How a Service is refused that can't have what it asks for. */
import { resourceOf } from '../kinds/resources.ts';
import type { Service } from '../kinds/service/fields.ts';
import type { FieldError } from '../schema/field-error.ts';
import { objectInvalid, type StatusError } from '../schema/status-error.ts';

const SERVICES = resourceOf('', 'services');

/** @param errors at least one */
export function refusal({ metadata }: Service, errors: readonly FieldError[]): StatusError {
  return objectInvalid(SERVICES, metadata.name ?? '', errors);
}

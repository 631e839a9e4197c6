/** Values of attributes, by their types. All throw KernelError where the bytes can't be what is asked for. */

import { type Attributes, decodeAttributes, decodeText } from '../../attribute.ts';
import { KernelError } from '../../kernel-error.ts';
import { malformed, viewOf } from '../../message.ts';

/** Undefined where there is no such attribute. */
export function optionalU32(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  if (value.length !== 4) throw malformed('number', type, value.length);
  return viewOf(value).getUint32(0);
}

/** Many numbers are left out when they are 0. */
export function u32(attributes: Attributes, type: number): number {
  return optionalU32(attributes, type) ?? 0;
}

export function text(attributes: Attributes, type: number): string {
  const value = attributes.get(type);
  if (value === undefined) throw missing(type);
  return decodeText(value);
}

export function nested(attributes: Attributes, type: number): Attributes | undefined {
  const value = attributes.get(type);
  return value === undefined ? undefined : decodeAttributes(value);
}

function missing(type: number): KernelError {
  return new KernelError({
    operation: 'decode',
    object: 'netlink attributes',
    detail: `there is none of type ${type}`,
  });
}

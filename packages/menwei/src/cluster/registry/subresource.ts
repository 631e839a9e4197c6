/**
 * Which parts of an object an update may change: `/status` only the status, the object itself all else. What a binding changes is
 * the server's own work.
 */
import type { KindRules } from '../kinds/kind-rules.ts';
import type { Resource } from '../kinds/resource.ts';
import type { ApiObject } from '../schema/object.ts';
import type { UpdateOptions } from './registry.ts';

/** With metadata as the update says, in every case. */
export function changedParts(
  resource: Resource,
  rules: KindRules,
  subresource: NonNullable<UpdateOptions['subresource']>,
  object: ApiObject,
  old: ApiObject,
): ApiObject {
  switch (subresource) {
    case 'status':
      return rules.prepareForStatusUpdate?.(object, old) ?? withPart('status', old, object);
    case 'finalize':
      return withPart('spec', old, object);
    case 'binding':
      return object;
    case '':
      if (rules.prepareForUpdate !== undefined) return rules.prepareForUpdate(object, old);
      return resource.subresources.includes('status') ? withPartOf('status', object, old) : object;
  }
}

/** The old object with the new metadata and one new part. */
function withPart(part: 'spec' | 'status', old: ApiObject, object: ApiObject): ApiObject {
  return withPartOf(part, { ...old, metadata: object.metadata }, object);
}

/** An object with one part of another. */
function withPartOf(part: 'spec' | 'status', object: ApiObject, other: ApiObject): ApiObject {
  const { [part]: _own, ...rest }: ApiObject & { readonly [part in 'spec' | 'status']?: unknown } = object;
  const its: ApiObject & { readonly [part in 'spec' | 'status']?: unknown } = other;
  return its[part] === undefined ? rest : { ...rest, ...{ [part]: its[part] } };
}

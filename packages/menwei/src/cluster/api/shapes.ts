/** The shape of a resource's objects: as they are kept, as another group has them, or, of an Event, the newer of its two. */
import { toNewEvent } from '../kinds/event-shapes.ts';
import type { Resource } from '../kinds/resource.ts';
import { isOfAnotherGroup } from '../kinds/resources.ts';
import { canonicalForm } from '../schema/canonical-form.ts';
import { type ApiObject, apiVersionOf } from '../schema/object.ts';
import type { StoredObject } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';

/** How every object of the resource begins; items of a list are without it. */
export function headOf(resource: Resource): string {
  return `{"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(apiVersionOf(resource))},`;
}

/** An object as JSON in the shape of the resource, without a copy where it is kept so. */
export function bytesOf(resource: Resource, stored: StoredObject): Buffer {
  if (isKept(resource)) return stored.bytes;
  return Buffer.from(JSON.stringify(shapeOf(resource, parseStored(stored))));
}

/** @param kept as the store has it */
export function shapeOf(resource: Resource, kept: ApiObject): ApiObject {
  if (isKept(resource)) return kept;
  if (isOfAnotherGroup(resource)) return { ...kept, apiVersion: apiVersionOf(resource) };
  return canonicalForm(resource.message, toNewEvent(kept));
}

function isKept({ storedMessage }: Resource): boolean {
  return storedMessage === undefined;
}

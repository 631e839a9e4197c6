/** The shape in which the store has the objects of a resource. */
import { type ApiObject, apiVersionOf } from '../schema/object.ts';
import { toCoreEvent } from './event-shapes.ts';
import type { Resource } from './resource.ts';
import { isOfAnotherGroup, keptResource } from './resources.ts';

/** From what somebody wrote to what is kept. */
export function keptShapeOf(resource: Resource, object: ApiObject): ApiObject {
  if (resource.storedMessage === undefined) return object;
  if (isOfAnotherGroup(resource)) return { ...object, apiVersion: apiVersionOf(keptResource(resource)) };
  return toCoreEvent(object);
}

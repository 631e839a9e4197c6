/** The events of bench/sync.ts. Each is prepared first, so that only what the proxy does with it takes part. */
import type { ObjectTables } from 'menwei/state/object-tables.ts';
import { benchService, benchSlice, benchSliceWithoutOne } from './objects.ts';

export interface Size {
  readonly services: number;
  readonly endpoints: number;
}

export type Event = (objects: ObjectTables) => void;

/** @param changed the first so many Services have had an endpoint changed */
export function fill(objects: ObjectTables, { services, endpoints }: Size, changed = 0): void {
  for (let index = 0; index < services; index++) {
    objects.put(benchService(index));
    objects.put(benchSlice(index, endpoints, index < changed));
  }
}

/** One endpoint is replaced by another. */
export function endpointChanged(index: number, { endpoints }: Size): Event {
  const slice = benchSlice(index, endpoints, true);
  return (objects) => objects.put(slice);
}

/** Of a Service whose endpoint was changed. */
export function endpointRemoved(index: number, { endpoints }: Size): Event {
  const slice = benchSliceWithoutOne(index, endpoints, true);
  return (objects) => objects.put(slice);
}

/** The removed endpoint comes back. */
export const endpointAdded = endpointChanged;

export function serviceAdded(index: number, { services, endpoints }: Size): Event {
  const service = benchService(services + index);
  const slice = benchSlice(services + index, endpoints, false);
  return (objects) => {
    objects.put(service);
    objects.put(slice);
  };
}

export function serviceRemoved(index: number, { services }: Size): Event {
  const service = benchService(services + index);
  const slice = benchSlice(services + index, 0, false);
  return (objects) => {
    objects.delete(service);
    objects.delete(slice);
  };
}

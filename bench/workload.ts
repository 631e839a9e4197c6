/** The events of bench/sync.ts. Each is prepared first, so that only what the proxy does with it takes part. */
import type { ServiceTracker } from 'menwei/services/service-tracker.ts';
import { benchService, benchSlice, benchSliceWithoutOne } from './objects.ts';

export interface Size {
  readonly services: number;
  readonly endpoints: number;
}

export type Event = (tracker: ServiceTracker) => void;

/** @param changed the first so many Services have had an endpoint changed */
export function fill(tracker: ServiceTracker, { services, endpoints }: Size, changed = 0): void {
  for (let index = 0; index < services; index++) {
    tracker.upsertService(benchService(index));
    tracker.upsertSlice(benchSlice(index, endpoints, index < changed));
  }
}

/** One endpoint is replaced by another. */
export function endpointChanged(index: number, { endpoints }: Size): Event {
  const slice = benchSlice(index, endpoints, true);
  return (tracker) => tracker.upsertSlice(slice);
}

/** Of a Service whose endpoint was changed. */
export function endpointRemoved(index: number, { endpoints }: Size): Event {
  const slice = benchSliceWithoutOne(index, endpoints, true);
  return (tracker) => tracker.upsertSlice(slice);
}

/** The removed endpoint comes back. */
export const endpointAdded = endpointChanged;

export function serviceAdded(index: number, { services, endpoints }: Size): Event {
  const service = benchService(services + index);
  const slice = benchSlice(services + index, endpoints, false);
  return (tracker) => {
    tracker.upsertService(service);
    tracker.upsertSlice(slice);
  };
}

export function serviceRemoved(index: number, { services }: Size): Event {
  const service = benchService(services + index);
  const slice = benchSlice(services + index, 0, false);
  return (tracker) => {
    tracker.removeService(service.namespace, service.name);
    tracker.removeSlice(slice.namespace, slice.name);
  };
}

/** What the status says of Services whose last version, or that of whose slices, can't be used. */
import type { ObjectRef } from '../kubernetes/objects.ts';
import type { Syncable } from './family-proxy.ts';
import type { ServicePortStatus } from './service-port-status.ts';

export interface StaleObject {
  readonly ref: ObjectRef;
  readonly reason: string;
  readonly sinceMs: number;
}

/** The statuses of a family, with those in error that are not what their objects should be now. */
export function withStale(
  { family, status, tracker }: Syncable,
  objects: readonly StaleObject[],
): readonly ServicePortStatus[] {
  const statuses = status.list();
  const stale = new Map<string, StaleObject>();
  for (const object of objects) {
    const { kind, namespace, name } = object.ref;
    const service =
      kind === 'EndpointSlice'
        ? tracker.serviceOf(namespace, name)
        : kind === 'Service'
          ? `${namespace}/${name}`
          : undefined;
    if (service !== undefined) stale.set(service, object);
  }
  if (stale.size === 0) return statuses;
  const unseen = new Map([...stale].filter(([, { ref }]) => ref.kind === 'Service'));
  const told = statuses.map((each): ServicePortStatus => {
    const port = tracker.ports.get(each.servicePort);
    const service = port === undefined ? '' : `${port.namespace}/${port.name}`;
    unseen.delete(service);
    const object = stale.get(service);
    if (object === undefined) return each;
    const reasons = [each.error, `${object.reason}; the last valid version stays in effect`];
    const sinceMs = each.state === 'error' ? each.sinceMs : object.sinceMs;
    return {
      ...each,
      state: 'error',
      sinceMs,
      error: reasons.filter((text) => text !== undefined).join('; '),
    };
  });
  // Of these nothing was ever in force.
  const missing = [...unseen].map(
    ([servicePort, { reason, sinceMs }]): ServicePortStatus => ({
      servicePort,
      family,
      state: 'error',
      sinceMs,
      error: reason,
    }),
  );
  return [...told, ...missing];
}

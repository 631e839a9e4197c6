/** Where each service port of a family stands, and whether its objects are what they should be now. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { readWantedPorts } from '../services/wanted-port.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { ObjectTables, StaleObject } from '../state/object-tables.ts';
import type { ServicePortKey } from '../state/service-port.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';

/** @param nodePortObstacle why nobody reaches NodePorts; undefined: somebody may */
export function readStatuses(
  objects: ObjectTables,
  tables: FamilyTables,
  nodePortObstacle?: string,
): readonly ServicePortStatus[] {
  const { family, status } = tables;
  const statuses = readSomeStatuses(objects, tables, status.rows.keys(), nodePortObstacle);
  const missing = [...concerned(objects.stale, objects, tables)].filter(([key, { ref }]) => {
    // The service ports of the last valid version tell what is wrong, in the families that it has.
    const service = objects.services.get(key);
    const hasPorts =
      service !== undefined && IP_FAMILIES.some((each) => readWantedPorts(service, each).length > 0);
    return ref.kind === 'Service' && !hasPorts;
  });
  return [...statuses, ...missing.map(([key, object]) => neverInForce(key, family, object))];
}

/** Those of these service ports that there are. */
export function readSomeStatuses(
  objects: ObjectTables,
  tables: FamilyTables,
  keys: Iterable<ServicePortKey>,
  nodePortObstacle?: string,
): readonly ServicePortStatus[] {
  const stale = concerned(objects.stale, objects, tables);
  const flawed = concerned(objects.flawed, objects, tables);
  return storedStatuses(tables, keys).map((status) => {
    const port = tables.servicePorts.get(status.servicePort);
    if (port === undefined) return status;
    const service = objectKey(port.namespace, port.name);
    const isUnreachable = nodePortObstacle !== undefined && port.nodePort !== 0;
    const warned = withWarnings(status, [
      flawed.get(service)?.reason,
      isUnreachable ? nodePortObstacle : undefined,
    ]);
    const object = stale.get(service);
    return object === undefined ? warned : withStale(warned, object);
  });
}

/** Whatever is wrong with their objects. @param keys of all service ports unless given */
export function storedStatuses(
  { status }: FamilyTables,
  keys: Iterable<ServicePortKey> = status.rows.keys(),
): readonly ServicePortStatus[] {
  return Array.from(keys, (key) => status.get(key)).filter((each) => each !== undefined);
}

/** Services that objects of a table, or their slices, are about. Of several objects one counts. */
function concerned(
  table: ObjectTables['stale'],
  { endpointSlices }: ObjectTables,
  { family }: FamilyTables,
): ReadonlyMap<ObjectKey, StaleObject> {
  const services = new Map<ObjectKey, StaleObject>();
  for (const object of table.rows.values()) {
    const { kind, namespace, name } = object.ref;
    const key = objectKey(namespace, name);
    const slice = kind === 'EndpointSlice' ? endpointSlices.get(key) : undefined;
    if (kind === 'Service') services.set(key, object);
    else if (slice?.family === family) services.set(slice.service, object);
  }
  return services;
}

/** With these beside the one that it may have. */
export function withWarnings(
  status: ServicePortStatus,
  warnings: readonly (string | undefined)[],
): ServicePortStatus {
  const all = [...warnings, status.warning].filter((text) => text !== undefined);
  return all.length === 0 ? status : { ...status, warning: all.join('; ') };
}

function withStale(status: ServicePortStatus, { reason, sinceMs }: StaleObject): ServicePortStatus {
  const reasons = [status.error, `${reason}; the last valid version stays in effect`];
  return {
    ...status,
    state: 'error',
    sinceMs: status.state === 'error' ? status.sinceMs : sinceMs,
    error: reasons.filter((text) => text !== undefined).join('; '),
  };
}

function neverInForce(
  servicePort: ObjectKey,
  family: IpFamily,
  { reason, sinceMs }: StaleObject,
): ServicePortStatus {
  return { servicePort, family, state: 'error', sinceMs, error: reason };
}

/** Where each service port of a family stands, and whether its objects are what they should be now. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { readWantedPorts } from '../services/wanted-port.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { ObjectTables, StaleObject } from '../state/object-tables.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';

/** @param nodePortObstacle why nobody reaches NodePorts; undefined: somebody may */
export function readStatuses(
  objects: ObjectTables,
  tables: FamilyTables,
  nodePortObstacle?: string,
): readonly ServicePortStatus[] {
  const { family, status } = tables;
  const statuses = readSomeStatuses(objects, tables, status.rows.keys(), nodePortObstacle);
  const missing = [...staleServices(objects, tables)].filter(([key, { ref }]) => {
    // The service ports of the last valid version tell what is wrong.
    const service = objects.services.get(key);
    const hasPorts = service !== undefined && readWantedPorts(service, family).length > 0;
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
  const stale = staleServices(objects, tables);
  return storedStatuses(tables, keys).map((status) =>
    readStatus(status, tables.servicePorts.get(status.servicePort), stale, nodePortObstacle),
  );
}

/** Whatever is wrong with their objects. @param keys of all service ports unless given */
export function storedStatuses(
  { status }: FamilyTables,
  keys: Iterable<ServicePortKey> = status.rows.keys(),
): readonly ServicePortStatus[] {
  return Array.from(keys, (key) => status.get(key)).filter((each) => each !== undefined);
}

function readStatus(
  status: ServicePortStatus,
  port: ServicePort | undefined,
  stale: ReadonlyMap<ObjectKey, StaleObject>,
  nodePortObstacle: string | undefined,
): ServicePortStatus {
  if (port === undefined) return status;
  const isUnreachable = nodePortObstacle !== undefined && port.nodePort !== 0;
  const warned = isUnreachable ? { ...status, warning: nodePortObstacle } : status;
  const object = stale.get(objectKey(port.namespace, port.name));
  return object === undefined ? warned : withStale(warned, object);
}

/** Services of which, or of whose slices, the newest version can't be used. */
function staleServices(
  { stale, endpointSlices }: ObjectTables,
  { family }: FamilyTables,
): ReadonlyMap<ObjectKey, StaleObject> {
  const services = new Map<ObjectKey, StaleObject>();
  for (const object of stale.rows.values()) {
    const { kind, namespace, name } = object.ref;
    const key = objectKey(namespace, name);
    const slice = kind === 'EndpointSlice' ? endpointSlices.get(key) : undefined;
    if (kind === 'Service') services.set(key, object);
    else if (slice?.family === family) services.set(slice.service, object);
  }
  return services;
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

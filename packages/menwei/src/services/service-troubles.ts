/** What is wrong with one Service on this node, from the state, at a cost that is in proportion to that Service. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { refKey } from '../kubernetes/objects.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../state/object-key.ts';
import type { ObjectTables, StaleObject } from '../state/object-tables.ts';
import type { ServicePortKey } from '../state/service-port.ts';
import { readWantedPorts } from './wanted-port.ts';

/** One thing that is wrong with a Service, or with one of its ports in one IP family. */
export interface ServiceTrouble {
  /**
   * - `InvalidObject`: the newest version of the Service, or of a slice of it, can't be used; the last valid one is in force
   * - `AddressConflict`: another Service owns an address that it asks for
   * - `NotProgrammed`: the kernel has not all that it asks for, for another reason
   */
  readonly reason: 'InvalidObject' | 'AddressConflict' | 'NotProgrammed';
  /** Undefined: it is about the Service as a whole. */
  readonly servicePort: ServicePortKey | undefined;
  readonly family: IpFamily | undefined;
  /** In words. */
  readonly message: string;
}

/** What is wrong with a Service now; nothing for one that is unknown. @param families those that are proxied */
export function readServiceTroubles(
  objects: ObjectTables,
  families: readonly FamilyTables[],
  key: ObjectKey,
): readonly ServiceTrouble[] {
  const service = objects.services.get(key);
  const ports = (tables: FamilyTables) =>
    service === undefined ? [] : readWantedPorts(service, tables.family);
  return [
    ...readInvalid(objects, key),
    ...families.flatMap((tables) => ports(tables).flatMap((port) => readPortTroubles(tables, port.key))),
  ];
}

function readPortTroubles(
  { family, status, unmet }: FamilyTables,
  servicePort: ServicePortKey,
): readonly ServiceTrouble[] {
  const row = status.get(servicePort);
  if (row?.state !== 'error') return [];
  const place = { servicePort, family };
  const lost = unmet.get(servicePort);
  const isConflict = lost !== undefined && !lost.startsWith('BUG:');
  const { error: message = '' } = row;
  return [
    ...(isConflict ? [{ ...place, reason: 'AddressConflict' as const, message: lost }] : []),
    ...(isConflict && message === lost ? [] : [{ ...place, reason: 'NotProgrammed' as const, message }]),
  ];
}

/** Slices are found by looking at all that can't be used: there are none, or few. */
function readInvalid({ stale, endpointSlices }: ObjectTables, key: ObjectKey): readonly ServiceTrouble[] {
  const own = stale.get(refKey({ kind: 'Service', ...parseObjectKey(key) }));
  const slices = [...stale.rows.values()].filter(
    ({ ref }) =>
      ref.kind === 'EndpointSlice' && endpointSlices.get(objectKey(ref.namespace, ref.name))?.service === key,
  );
  return [...(own === undefined ? [] : [own]), ...slices].map(describeInvalid);
}

function describeInvalid({ ref, reason }: StaleObject): ServiceTrouble {
  const what = ref.kind === 'Service' ? '' : `${ref.kind} ${ref.name}: `;
  return {
    reason: 'InvalidObject',
    servicePort: undefined,
    family: undefined,
    message: `${what}${reason}; the last valid version stays in effect, if there was one`,
  };
}

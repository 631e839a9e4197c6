/** What became of the objects in one IP family. */
import { isDeepStrictEqual } from 'node:util';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { AppliedPort, ServicePort } from './service-port.ts';
import { isSameStatus, type ServicePortStatus } from './service-port-status.ts';
import type { SyncRow } from './sync-row.ts';
import { Table } from './table.ts';

export interface RemovalRow {
  /** Milliseconds since the epoch. */
  readonly removedAtMs: number;
}

/** By the key of the service port unless it says otherwise. */
export class FamilyTables {
  readonly family: IpFamily;
  /** What the objects ask for. Written by the ServiceTracker. */
  readonly servicePorts = new Table<ServicePort>(isDeepStrictEqual);
  /** What its Service asks for and the service port does without, and why. Written by the ServiceTracker. */
  readonly unmet = new Table<string>();
  /** As it was given to the kernel last; status tells what of it was refused. Written by the FamilyProxy. */
  readonly applied = new Table<AppliedPort>(isDeepStrictEqual);
  /** Where it stands on its way into the kernel. Written by the FamilyProxy. */
  readonly status = new Table<ServicePortStatus>(isSameStatus);
  /** Its last sync, under the name of the family. Written by the FamilyProxy when all else that it changed is written. */
  readonly syncs = new Table<SyncRow>();
  /** When rules that another proxy or mode had left were removed, under the name of the family. */
  readonly removals = new Table<RemovalRow>();

  constructor(family: IpFamily) {
    this.family = family;
  }
}

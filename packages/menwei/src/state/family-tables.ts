/** What became of the objects in one IP family. */
import { isDeepStrictEqual } from 'node:util';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import type { AppliedPort, ServicePort } from './service-port.ts';
import { isSameStatus, type ServicePortStatus } from './service-port-status.ts';
import type { SyncRow } from './sync-row.ts';
import { Table } from './table.ts';

export interface RemovalRow {
  /** Milliseconds since the epoch. */
  readonly removedAtMs: number;
}

/** What is known of other proxies on the node, and of what other modes have left. */
export interface OtherProxyRow {
  /** What is in the kernel, counted: `table ip kube-proxy`; none: nothing. */
  readonly rules: readonly string[];
  /** How often rules came back after they had been removed. */
  readonly returns: number;
  /** That run: `kube-proxy (pid 1234)`. */
  readonly processes: readonly string[];
  /** What an operator has to know; undefined: all is well. */
  readonly warning: string | undefined;
}

/** By the key of the service port unless it says otherwise. */
export class FamilyTables {
  readonly family: IpFamily;
  /** What the objects ask for. Written by the ServiceTracker. */
  readonly servicePorts = new Table<ServicePort>(isDeepStrictEqual);
  /** What its Service asks for and the service port does without, and why. Written by the ServiceTracker. */
  readonly unmet = new Table<string>();
  /** By `healthKey`: of endpoints that are checked. Written by who checks them. */
  readonly health = new Table<EndpointHealth>(isDeepStrictEqual);
  /** As it was given to the kernel last; status tells what of it was refused. Written by the FamilyProxy. */
  readonly applied = new Table<AppliedPort>(isDeepStrictEqual);
  /** Where it stands on its way into the kernel. Written by the FamilyProxy. */
  readonly status = new Table<ServicePortStatus>(isSameStatus);
  /** Its last sync, under the name of the family. Written by the FamilyProxy when all else that it changed is written. */
  readonly syncs = new Table<SyncRow>();
  /** When rules that another proxy or mode had left were removed, under the name of the family. */
  readonly removals = new Table<RemovalRow>();
  /** Written when that was looked for, under the name of the family. */
  readonly otherProxies = new Table<OtherProxyRow>(isDeepStrictEqual);

  constructor(family: IpFamily) {
    this.family = family;
  }
}

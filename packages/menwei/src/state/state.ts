/**
 * What is wanted and what is so: everything that parts of the process tell each other. Writers put rows into the tables,
 * and whoever wants to know has a reader of its own; nobody takes anything from anybody.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { FamilyTables } from './family-tables.ts';
import { ObjectTables, type TableOptions } from './object-tables.ts';

export class State {
  readonly objects: ObjectTables;
  readonly families: Readonly<Record<IpFamily, FamilyTables>> = {
    IPv4: new FamilyTables('IPv4'),
    IPv6: new FamilyTables('IPv6'),
  };
  /** @param nodeName the node this process runs on: its endpoints are local; empty: on none */
  constructor(nodeName: string, options: TableOptions = {}) {
    this.objects = new ObjectTables(nodeName, options);
  }
}

/** What a source does to the tables of objects, as it happens. Only tests import this file. */
import { formatRef, type ObjectRef, type WatchedObject } from 'menwei/kubernetes/objects.ts';
import type { ObjectTables } from 'menwei/state/object-tables.ts';
import type { Table } from 'menwei/state/table.ts';

interface ObjectEvents {
  /** `what` is `Service default/web`; `row` is undefined for one that is gone. */
  readonly changed: (what: string, row: unknown) => void;
  readonly synced: () => void;
}

/** Tells of every change from now on, one by one. */
export function followObjects(objects: ObjectTables, { changed, synced }: ObjectEvents): void {
  const tell = (kind: ObjectRef['kind']) => (key: string, row: unknown) => changed(nameOf(kind, key), row);
  follow(objects.services, tell('Service'));
  follow(objects.endpointSlices, tell('EndpointSlice'));
  follow(objects.nodes, tell('Node'));
  follow(objects.serviceCIDRs, tell('ServiceCIDR'));
  follow(objects.syncedSources, synced);
}

function follow<Row>(table: Table<Row>, tell: (key: string, row: Row | undefined) => void): void {
  const reader = table.reader(() => {
    for (const { key, after } of reader.take()) tell(key, after);
  });
  reader.take();
}

function nameOf(kind: WatchedObject['kind'], key: string): string {
  const [namespace = '', name = ''] = key.split('/');
  return formatRef({ kind, namespace, name });
}

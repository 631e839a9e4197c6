/** How many objects have changed, and how many of these changes wait for a sync. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import {
  ENDPOINT_CHANGES,
  ENDPOINT_CHANGES_PENDING,
  SERVICE_CHANGES,
  SERVICE_CHANGES_PENDING,
} from './catalogue/kube-proxy.ts';
import type { Registry } from './registry.ts';

/** The proxy of an IP family, as far as these metrics go. */
export interface ChangingFamily {
  readonly family: IpFamily;
  /** Keys of objects that no sync has taken up yet; asked for when somebody reads the metrics. */
  readonly pendingChanges: () => {
    readonly services: ReadonlySet<string>;
    readonly endpointSlices: ReadonlySet<string>;
  };
}

/** @param families those that are proxied */
export function registerChangeMetrics(
  registry: Registry,
  objects: Pick<ObjectTables, 'eventCounts'>,
  families: readonly ChangingFamily[],
): void {
  const one = (value: number) => [{ labels: {}, value }];
  registry.collected(SERVICE_CHANGES, () => one(objects.eventCounts.services * families.length));
  registry.collected(ENDPOINT_CHANGES, () =>
    one(families.reduce((sum, { family }) => sum + objects.eventCounts.endpointSlices[family], 0)),
  );
  const pending = (kind: 'services' | 'endpointSlices') =>
    new Set(families.flatMap(({ pendingChanges }) => [...pendingChanges()[kind]])).size;
  registry.collected(SERVICE_CHANGES_PENDING, () => one(pending('services')));
  registry.collected(ENDPOINT_CHANGES_PENDING, () => one(pending('endpointSlices')));
}

/** IPAddress objects as the allocation writes them. */
import { familyOf, parseIp } from '@menwei/addresses/ip.ts';
import { clusterIpsOf, type Service, specOf } from '../kinds/service/fields.ts';
import type { StoredKinds } from '../kinds/stored-kinds.ts';
import { formatTime } from '../schema/time.ts';
import type { StoreView, Transaction } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';

export type IpAddress = StoredKinds['ipaddresses'];

export const IP_ADDRESSES = 'ipaddresses';

const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';
const MANAGER = 'ipallocator.k8s.io';

/** What a new object needs that no input says. */
export interface Stamp {
  readonly nowMs: () => number;
  readonly newUid: () => string;
}

/** @param ip canonical */
export function newIpAddress(ip: string, { metadata }: Service, stamp: Stamp): IpAddress {
  const { namespace = '', name = '' } = metadata;
  return {
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: ip,
      uid: stamp.newUid(),
      creationTimestamp: formatTime(stamp.nowMs()),
      labels: {
        'ipaddress.kubernetes.io/ip-family': familyOf(ip),
        [MANAGED_BY]: MANAGER,
      },
    },
    spec: { parentRef: { resource: 'services', namespace, name } },
  };
}

/** Whether the allocation made it, and not somebody who wanted one. */
export function isManaged({ metadata: { labels = {} } }: IpAddress): boolean {
  return Object.hasOwn(labels, MANAGED_BY) && labels[MANAGED_BY] === MANAGER;
}

/** Whether it was taken for this Service. */
export function isOfService({ spec }: IpAddress, { metadata }: Service): boolean {
  const { group = '', resource, namespace = '', name } = spec?.parentRef ?? {};
  return (
    group === '' &&
    resource === 'services' &&
    namespace === (metadata.namespace ?? '') &&
    name === metadata.name
  );
}

/** The addresses that a Service takes, canonical: as the names of its IPAddresses, however they are written in it. */
export function takenIps(service: Service): readonly string[] {
  return clusterIpsOf(specOf(service)).flatMap((text) => parseIp(text) ?? []);
}

/** What holds the address; undefined if it is free. */
export function ipAddressOf(view: StoreView, ip: string): IpAddress | undefined {
  const stored = view.get(IP_ADDRESSES, '', ip);
  return stored === undefined ? undefined : objectOf(IP_ADDRESSES, stored);
}

/** Gives the address back, if it is this Service's. */
export function releaseIpAddress(transaction: Transaction, ip: string, service: Service): void {
  const address = ipAddressOf(transaction, ip);
  if (address !== undefined && isOfService(address, service)) transaction.delete(IP_ADDRESSES, '', ip);
}

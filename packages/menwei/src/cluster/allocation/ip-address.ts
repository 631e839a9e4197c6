/** IPAddress objects as the allocation writes them. */
import { familyOf } from '@menwei/addresses/ip.ts';
import type { Service } from '../kinds/service/fields.ts';
import type { StoredKinds } from '../kinds/stored-kinds.ts';
import type { StoreView, Transaction } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';

export type IpAddress = StoredKinds['ipaddresses'];

export const IP_ADDRESSES = 'ipaddresses';

/** What a new object needs that no input says. */
export interface Stamp {
  /** RFC 3339, UTC, whole seconds. */
  now(): string;
  uid(): string;
}

/** @param ip canonical */
export function newIpAddress(ip: string, { metadata }: Service, stamp: Stamp): IpAddress {
  const { namespace = '', name = '' } = metadata;
  return {
    kind: 'IPAddress',
    apiVersion: 'networking.k8s.io/v1',
    metadata: {
      name: ip,
      uid: stamp.uid(),
      creationTimestamp: stamp.now(),
      labels: {
        'ipaddress.kubernetes.io/ip-family': familyOf(ip),
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { resource: 'services', namespace, name } },
  };
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

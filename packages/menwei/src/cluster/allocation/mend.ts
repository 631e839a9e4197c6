/** Mends what the repair has found, as far as it is still so. */
import type { Transaction } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';
import { IP_ADDRESSES, ipAddressOf, isOfService, newIpAddress, type Stamp, takenIps } from './ip-address.ts';
import type { Mend } from './repair.ts';

/** @returns whether there was still something to do */
export function mendAllocation(transaction: Transaction, mend: Mend, stamp: Stamp): boolean {
  return mend.action === 'take' ? take(transaction, mend, stamp) : release(transaction, mend);
}

function take(
  transaction: Transaction,
  { ip, service: { metadata } }: Mend & { readonly action: 'take' },
  stamp: Stamp,
): boolean {
  const { namespace = '', name = '' } = metadata;
  const stored = transaction.get('services', namespace, name);
  if (stored === undefined || stored.uid !== metadata.uid) return false;
  const service = objectOf('services', stored);
  const address = ipAddressOf(transaction, ip);
  const isMended = address !== undefined && isOfService(address, service);
  if (isMended || !takenIps(service).includes(ip)) return false;
  if (address !== undefined) transaction.delete(IP_ADDRESSES, '', ip);
  transaction.put(IP_ADDRESSES, newIpAddress(ip, service, stamp));
  return true;
}

function release(
  transaction: Transaction,
  { address: { metadata, spec } }: Mend & { readonly action: 'release' },
): boolean {
  const { name: ip = '', uid } = metadata;
  const stored = transaction.get(IP_ADDRESSES, '', ip);
  if (stored === undefined || stored.uid !== uid) return false;
  const { namespace = '', name = '' } = spec?.parentRef ?? {};
  const parent = transaction.get('services', namespace, name);
  const has = parent !== undefined && takenIps(objectOf('services', parent)).includes(ip);
  if (has) return false;
  transaction.delete(IP_ADDRESSES, '', ip);
  return true;
}

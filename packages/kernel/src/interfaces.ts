/** The addresses of the machine's network interfaces. */
import { networkInterfaces } from 'node:os';
import { parseIp } from '@menwei/addresses/ip.ts';

/** The one that every network namespace has. */
export const LOOPBACK_INTERFACE = 'lo';

/** All addresses of all interfaces of this network namespace, canonical, without duplicates. */
export function observeInterfaceAddresses(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return [...new Set(addresses.flatMap(({ address }) => parseIp(address) ?? []))];
}

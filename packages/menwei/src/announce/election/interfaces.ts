/** On which interfaces of a node an address is announced (load-balancer § 5.3). */
import { cidrContains, familyOf, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { L2Advertisement } from '../../kubernetes/load-balancer-objects.ts';
import type { NodeAnnouncement } from '../node-lease.ts';

type Interface = NodeAnnouncement['interfaces'][number];

/** The names, sorted. @param advertisements those that select the node */
export function interfacesFor(
  address: string,
  advertisements: readonly L2Advertisement[],
  interfaces: readonly Interface[],
): readonly string[] {
  const chosen = interfaces.filter((one) =>
    advertisements.some(({ interfaces: by }) => isChosen(by, one, address)),
  );
  return chosen.map(({ name }) => name).sort();
}

function isChosen(by: L2Advertisement['interfaces'], { name, onLink }: Interface, address: string): boolean {
  switch (by.by) {
    case 'all':
      return true;
    case 'name':
      return by.names.includes(name);
    case 'pattern':
      return by.patterns.some((pattern) => matchesPattern(pattern, name));
    case 'on-link':
      return onLink.some((network) => contains(network, address));
  }
}

function contains(network: string, address: string): boolean {
  return (
    network.includes(':') === (familyOf(address) === 'IPv6') && cidrContains(parseKnownCidr(network), address)
  );
}

/** As Cilium has it: anywhere in the name. What is no pattern fits nothing. */
function matchesPattern(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch {
    return false;
  }
}

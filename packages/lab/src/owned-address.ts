/**
 * Pods that own the virtual address of their Service, so that packets can come to them as the client sent them
 * (docs/forwarding.md): what has to be done in such a pod, and on the nodes.
 */
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { withNamespace } from '@menwei/kernel/netns.ts';
import { writeSysctl } from '@menwei/kernel/sysctl.ts';
import { configure } from './wiring.ts';

/** How packets for the address come to the pod: as they are, or inside packets for the pod's own address. */
export type Arrival = (typeof ARRIVALS)[number];

const ARRIVALS = ['direct', 'tunnel'] as const;

export function isArrival(text: string): text is Arrival {
  return ARRIVALS.some((arrival) => arrival === text);
}

const TUNNELS: Readonly<Record<IpFamily, { readonly name: string; readonly kind: string }>> = {
  // The kernel's tools call the devices tunl0 and ip6tnl0, which not every kernel makes by itself.
  IPv4: { name: 'vip4', kind: 'ipip' },
  IPv6: { name: 'vip6', kind: 'ip6tnl mode ip6ip6' },
};

/** The commands of `ip -batch` that give a pod a virtual address. `own` is the pod's own of the same family. */
export function ownershipCommands(address: string, arrival: Arrival, own: string): readonly string[] {
  const family = familyOf(address);
  const prefix = family === 'IPv4' ? '/32' : '/128 nodad';
  if (arrival === 'direct') return [`addr add dev lo ${address}${prefix}`];
  const { name, kind } = TUNNELS[family];
  return [
    `link add name ${name} type ${kind} local ${own}`,
    `link set ${name} up`,
    `addr add dev ${name} ${address}${prefix}`,
  ];
}

/** Settings of a pod that owns a virtual address of IPv4. IPv6 needs none. */
export const OWNER_SETTINGS: Readonly<Record<Arrival, Readonly<Record<string, number>>>> = {
  // On a link with others, the pod must not say by ARP that the address is here: it is at the nodes.
  direct: { 'net/ipv4/conf/all/arp_ignore': 1, 'net/ipv4/conf/all/arp_announce': 2 },
  // What comes out of the tunnel has a source that is reached by another interface.
  tunnel: { 'net/ipv4/conf/all/rp_filter': 0, 'net/ipv4/conf/default/rp_filter': 0 },
};

/**
 * Settings of a node whose pods answer from an address that the node has as well (IPv4; IPv6 needs none): without them
 * it takes such packets for forged ones.
 */
export const NODE_SETTINGS: Readonly<Record<string, number>> = {
  'net/ipv4/conf/all/accept_local': 1,
  'net/ipv4/conf/all/rp_filter': 0,
};

/** Gives a pod several virtual addresses of one or both families, all in the same way. Throws KernelError. */
export function ownAddresses(
  pod: NetworkNamespace,
  addresses: readonly string[],
  arrival: Arrival,
  ownOf: (family: IpFamily) => string,
): void {
  applySettings(pod, OWNER_SETTINGS[arrival]);
  const commands = addresses.flatMap((address) =>
    ownershipCommands(address, arrival, ownOf(familyOf(address))),
  );
  // All addresses of a family share a tunnel.
  configure(pod, [...new Set(commands)]);
}

/** Lets a node pass on what its pods, and those of other nodes, send from addresses that the node has too. */
export function acceptSharedAddresses(node: NetworkNamespace): void {
  applySettings(node, NODE_SETTINGS);
}

function applySettings(namespace: NetworkNamespace, settings: Readonly<Record<string, number>>): void {
  withNamespace(namespace, () => {
    for (const [name, value] of Object.entries(settings)) writeSysctl(name, value);
  });
}

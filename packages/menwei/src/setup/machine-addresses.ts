/** The addresses of the machine, followed. */
import { cidrContains, IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { LOOPBACK_INTERFACE } from '@menwei/kernel/interfaces.ts';
import {
  isLinkLocal,
  isReachable,
  LocalAddresses,
  type LocalAddressesOptions,
} from '@menwei/kernel/local-addresses.ts';
import { observeDefaultSource } from '@menwei/kernel/own-address.ts';
import { openLinkClient } from '@menwei/netlink/route';
import { DEVICE } from '../backends/ipvs/names.ts';
import type { Mode } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import type { MachineView } from '../proxy/node-state.ts';

export interface MachineAddresses extends MachineView {
  /** Calls `changed` whenever they are others than before, until the signal ends it. Throws KernelError; then it may be begun anew. */
  readonly follow: (changed: () => void, signal: AbortSignal) => Promise<void>;
}

/** Throws KernelError. */
export async function openMachineAddresses(
  settings: Pick<Settings, 'nodePortAddresses'>,
  { usesLocalAddresses, usesOwnAddress }: Pick<Mode, 'usesLocalAddresses' | 'usesOwnAddress'>,
  signal: AbortSignal,
): Promise<MachineAddresses> {
  const which = usesLocalAddresses ? ofIpvs : ofNode(settings);
  const addresses = new LocalAddresses({
    client: openLinkClient(),
    ...which,
    observeSource: observeDefaultSource,
  });
  await addresses.observe(signal);
  return {
    all: () => IP_FAMILIES.flatMap((family) => addresses.usable(family)),
    local: (family) => (usesLocalAddresses ? addresses.of(family) : []),
    found: (family) => addresses.own(family),
    own: usesOwnAddress
      ? (family, stated) =>
          stated !== undefined && addresses.usable(family).includes(stated)
            ? stated
            : addresses.own(family)?.ip
      : undefined,
    follow: (changed, signal) => addresses.watch(changed, signal),
  };
}

type Which = Omit<LocalAddressesOptions, 'client'>;

const ofIpvs: Which = {
  excluded: [LOOPBACK_INTERFACE, DEVICE],
  counts: isReachable,
};

/** Link-local addresses come and go with pods: where nobody asks for them, nobody looks because of them. */
function ofNode({ nodePortAddresses }: Pick<Settings, 'nodePortAddresses'>): Which {
  const cidrs = nodePortAddresses === 'primary' ? [] : nodePortAddresses;
  const isAskedFor = (ip: string) => cidrs.some((cidr) => cidr.prefixLength > 0 && cidrContains(cidr, ip));
  return {
    // What ipvs mode has left there are no addresses of the node.
    excluded: [DEVICE],
    counts: (ip) => !isLinkLocal(ip) || isAskedFor(ip),
  };
}

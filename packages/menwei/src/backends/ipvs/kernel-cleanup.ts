/** Taking everything of ours out of the kernel again; what is left alone is said in README, "whose". */
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { IpSetClient, SetEdit } from '@menwei/netlink/ipset';
import type { IpvsClient, IpvsEdit } from '@menwei/netlink/ipvs';
import type { LinkClient } from '@menwei/netlink/route';
import { DEVICE } from './names.ts';
import type { RulesAccess } from './rules-access.ts';
import type { IpvsState } from './state.ts';

interface Clients {
  readonly ipvs: Pick<IpvsClient, 'apply'>;
  readonly links: LinkClient;
  readonly sets: IpSetClient;
  readonly rules: RulesAccess;
}

/** Throws the first KernelError it met. */
export async function cleanUp(
  { ipvs, links, sets, rules }: Clients,
  state: IpvsState,
  setNames: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const servers = Array.from(
    state.servers.values(),
    ({ server }): IpvsEdit => ({ change: 'remove-server', frontend: server.frontend }),
  );
  throwFirst(await ipvs.apply(servers, signal));
  if (state.device) {
    const addresses = Array.from(state.addresses, (ip) => ({ change: 'remove', ip }) as const);
    throwFirst(await links.applyAddresses(DEVICE, addresses, signal));
    if (await isWithoutAddresses(links, signal)) links.removeLink(DEVICE);
  }
  // A set can't go while a rule asks for it.
  await rules.cleanup(signal);
  const destroyed = setNames.map((name): SetEdit => ({ change: 'destroy', name }));
  throwFirst(await sets.apply(destroyed, signal));
}

/** Whether our interface has none of either family, to which it belongs, but what the kernel gave it. Throws KernelError. */
export async function isWithoutAddresses(links: LinkClient, signal: AbortSignal): Promise<boolean> {
  const held = await Promise.all(IP_FAMILIES.map((each) => links.observeAddresses(each, signal, DEVICE)));
  return held.flat().every(({ scope }) => scope === 'link');
}

function throwFirst(refused: readonly { readonly error: Error }[]): void {
  const [first] = refused;
  if (first !== undefined) throw first.error;
}

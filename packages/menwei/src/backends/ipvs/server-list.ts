/**
 * The virtual servers that the kernel lists, with none left out that is known to be there. The kernel goes on with its list
 * by the number of servers that it has told of: for each one that is removed meanwhile, of either family and by anybody,
 * it leaves another one out that is there all the time, and says nothing.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import {
  type Frontend,
  type FrontendKey,
  formatFrontend,
  type IpvsClient,
  type VirtualServer,
} from '@menwei/netlink/ipvs';

const MAX_ATTEMPTS = 5;

/**
 * Those of `known` that the list lacks are asked for one by one, which costs as much as there are gone; undefined: none is
 * known yet, and what one list leaves out another one has. Throws KernelError, also when no list had one that is there.
 */
export async function observeServerList(
  ipvs: Pick<IpvsClient, 'observeServers' | 'observePresent'>,
  family: IpFamily,
  known: ReadonlyMap<FrontendKey, Frontend> | undefined,
  signal: AbortSignal,
): Promise<readonly VirtualServer[]> {
  const seen = new Map<FrontendKey, VirtualServer>();
  const expected = new Map(known);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const servers = await ipvs.observeServers(family, signal);
    const unlisted = new Map(expected);
    for (const server of servers) {
      const key = formatFrontend(server.frontend);
      unlisted.delete(key);
      seen.set(key, server);
      expected.set(key, server.frontend);
    }
    if (known === undefined && attempt === 1) continue;
    if (unlisted.size === 0) return servers;
    const leftOut = [...(await ipvs.observePresent([...unlisted.values()], signal))];
    const found = leftOut.flatMap((key) => seen.get(key) ?? []);
    if (found.length === leftOut.length) return [...servers, ...found];
  }
  const detail = 'others were removed meanwhile, and the kernel left out some that are there';
  throw new KernelError({ operation: 'list', object: `${family} virtual servers`, detail });
}

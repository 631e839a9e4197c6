/**
 * Which variant of iptables the kubelet of this node uses. In a container the usual name stands for whatever the image was built
 * with. Where kubelet's rules and kube-proxy's are in different places of the kernel, one accepts what the other drops. So kubelet
 * leaves chains to be found (KEP-3178), and kube-proxy's image looks for them.
 */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import { openNfTables, tableFamily } from '@menwei/netlink/nftables';
import { observeLegacyTables } from './legacy-tables.ts';

/** Both print and take the same language, but they keep their rules in different places of the kernel. */
export type IptablesVariant = 'legacy' | 'nf_tables';

/** Those of kubelet, in table mangle: of all versions, and of those from 1.24 on. */
const HINTS: readonly string[] = ['KUBE-KUBELET-CANARY', 'KUBE-IPTABLES-HINT'];
const TABLE = 'mangle';

/** The names of the chains of table mangle of one variant; none where it is not there. */
type ObserveChains = (
  variant: IptablesVariant,
  family: IpFamily,
  signal: AbortSignal,
) => Promise<readonly string[]>;

/** Undefined: nothing hints at either. If both are hinted at, it is nf_tables, as kube-proxy's image has it. */
export async function observeHintedVariant(
  observeChains: ObserveChains,
  signal: AbortSignal,
): Promise<IptablesVariant | undefined> {
  for (const variant of ['nf_tables', 'legacy'] as const) {
    for (const family of IP_FAMILIES) {
      const chains = await observeChains(variant, family, signal);
      if (chains.some((chain) => HINTS.includes(chain))) return variant;
    }
  }
  return undefined;
}

/**
 * What the kernel holds. No table is made by looking.
 *
 * @param list the chains of table mangle in the legacy variant, of which the kernel tells nothing but through the tools
 */
export function kernelChains(
  list: (family: IpFamily, table: string, signal: AbortSignal) => Promise<readonly string[]>,
): ObserveChains {
  return async (variant, family, signal) => {
    try {
      if (variant === 'nf_tables') return await observeNfTablesChains(family, signal);
      return observeLegacyTables(family).includes(TABLE) ? await list(family, TABLE, signal) : [];
    } catch (error) {
      // What can't be looked at can't be used either, and who tries that says why.
      if (error instanceof KernelError) return [];
      throw error;
    }
  };
}

async function observeNfTablesChains(family: IpFamily, signal: AbortSignal): Promise<readonly string[]> {
  using tables = openNfTables();
  return (await tables.observeChainNames({ family: tableFamily(family), name: TABLE }, signal)) ?? [];
}

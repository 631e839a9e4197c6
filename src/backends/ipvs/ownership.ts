/**
 * Whose a virtual server is. IPVS gives it neither a name nor a comment, so what we made is told by its address, which is
 * on our interface, or by the ledger: a set that lists every virtual server of ours (see README).
 */
import { type Cidr, cidrContains, type IpFamily } from '../../addresses/ip.ts';
import type { ObservedSet } from '../../kernel/netlink/ip-set/contract.ts';
import type { Frontend, FrontendKey } from '../../kernel/netlink/ipvs/contract.ts';
import { formatFrontend } from '../../kernel/netlink/ipvs/frontend.ts';
import { formatFrontendEntry, ledgerShape, nodePortSetShape } from './sets.ts';

export interface Evidence {
  readonly family: IpFamily;
  /** What this process made or found to be ours before; somebody may have emptied the ledger meanwhile. */
  readonly known: ReadonlySet<FrontendKey>;
  /** On our interface. */
  readonly deviceAddresses: ReadonlySet<string>;
  readonly sets: ReadonlyMap<string, ObservedSet>;
  /** On the other interfaces. */
  readonly localAddresses: ReadonlySet<string>;
  /** What is in here is ours only if the ledger says so (setting `ipvs.excludeCIDRs`). */
  readonly excludeCIDRs: readonly Cidr[];
}

export function judgeOwnership(evidence: Evidence): (frontend: Frontend) => boolean {
  const { family, known, deviceAddresses, sets, localAddresses } = evidence;
  const excludeCIDRs = evidence.excludeCIDRs.filter((cidr) => cidr.family === family);
  const ledger = sets.get(ledgerShape(family).name)?.entries;
  return (frontend) => {
    if ('mark' in frontend) return false;
    if (known.has(formatFrontend(frontend))) return true;
    const entry = formatFrontendEntry(frontend);
    if (ledger?.has(entry) === true) return true;
    if (excludeCIDRs.some((cidr) => cidrContains(cidr, frontend.ip))) return false;
    if (deviceAddresses.has(frontend.ip)) return true;
    // Without a ledger kube-proxy was here before us, whose NodePorts only its sets tell of.
    if (ledger !== undefined || !localAddresses.has(frontend.ip)) return false;
    const { name, type } = nodePortSetShape(family, frontend.protocol);
    return sets.get(name)?.entries.has(type === 'bitmap:port' ? String(frontend.port) : entry) ?? false;
  };
}

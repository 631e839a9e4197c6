/**
 * Whose a virtual server is. IPVS gives it neither a name nor a comment, so the ledger says it: a set that lists every
 * virtual server of ours (docs/decisions/0014). Only where there is no whole ledger yet does what kube-proxy left count.
 */
import { type Cidr, cidrContains, type IpFamily } from '@menwei/addresses/ip.ts';
import type { ObservedSet } from '@menwei/netlink/ipset';
import { type Frontend, type FrontendKey, formatFrontend } from '@menwei/netlink/ipvs';
import { formatFrontendEntry, LEDGER_SEAL, ledgerShape, nodePortSetShape } from './sets.ts';

interface Evidence {
  readonly family: IpFamily;
  /**
   * What this process made or found to be ours before; somebody may have emptied the ledger meanwhile. Undefined at its
   * first look.
   */
  readonly known: ReadonlyMap<FrontendKey, Frontend> | undefined;
  /** On our interface. */
  readonly deviceAddresses: ReadonlySet<string>;
  readonly sets: ReadonlyMap<string, ObservedSet>;
  /** On the other interfaces. */
  readonly localAddresses: ReadonlySet<string>;
  /** What is in here is ours only if the ledger says so (setting `ipvs.excludeCIDRs`). */
  readonly excludeCIDRs: readonly Cidr[];
}

export function judgeOwnership(evidence: Evidence): (frontend: Frontend) => boolean {
  const { family, known } = evidence;
  const ledger = evidence.sets.get(ledgerShape(family).name)?.entries;
  // All the rest a proxy makes itself, also for a Service whose virtual server is somebody else's.
  const isWhole = known !== undefined || (ledger?.has(LEDGER_SEAL[family]) ?? false);
  const isLeftByKubeProxy = isWhole ? () => false : judgeLeftovers(evidence);
  return (frontend) => {
    if ('mark' in frontend) return false;
    if (known?.has(formatFrontend(frontend)) === true) return true;
    return ledger?.has(formatFrontendEntry(frontend)) === true || isLeftByKubeProxy(frontend);
  };
}

/** kube-proxy takes all for its own, so what has its address on the interface is; of NodePorts only its sets tell. */
function judgeLeftovers({ family, deviceAddresses, sets, localAddresses, ...evidence }: Evidence) {
  const excludeCIDRs = evidence.excludeCIDRs.filter((cidr) => cidr.family === family);
  return (frontend: Extract<Frontend, { protocol: unknown }>): boolean => {
    if (excludeCIDRs.some((cidr) => cidrContains(cidr, frontend.ip))) return false;
    if (deviceAddresses.has(frontend.ip)) return true;
    if (!localAddresses.has(frontend.ip)) return false;
    const { name, type } = nodePortSetShape(family, frontend.protocol);
    const entry = type === 'bitmap:port' ? String(frontend.port) : formatFrontendEntry(frontend);
    return sets.get(name)?.entries.has(entry) ?? false;
  };
}

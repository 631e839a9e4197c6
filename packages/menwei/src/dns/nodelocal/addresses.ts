/** At which addresses a node answers its pods. */

interface AddressFacts {
  readonly linkLocal: readonly string[];
  /** Of the Service; undefined: Services are not read yet. */
  readonly clusterIps: readonly string[] | undefined;
  /** On the interface already: left by a process that was killed. */
  readonly present: readonly string[];
  /** Where IPVS takes packets before any process could. */
  readonly ofIpvs: readonly string[];
}

export interface WantedAddresses {
  readonly ips: readonly string[];
  /** ClusterIPs that IPVS answers for. */
  readonly ofIpvs: readonly string[];
}

/** As long as the Service is not read, what is there stays. */
export function wantedAddresses({ linkLocal, clusterIps, present, ofIpvs }: AddressFacts): WantedAddresses {
  const asked = new Set([...linkLocal, ...(clusterIps ?? present)]);
  const taken = [...asked].filter((ip) => ofIpvs.includes(ip) && !linkLocal.includes(ip));
  return { ips: [...asked].filter((ip) => !taken.includes(ip)), ofIpvs: taken };
}

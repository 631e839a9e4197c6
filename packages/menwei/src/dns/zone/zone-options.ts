/** How the names of a cluster are answered. */

export const POD_MODES = ['disabled', 'insecure', 'verified'] as const;
export type PodMode = (typeof POD_MODES)[number];

export interface ClusterZoneOptions {
  /** The cluster's domain, in lower case, without a final dot: `cluster.local`. */
  readonly domain: string;
  /** 0-3600. */
  readonly ttlSeconds: number;
  /** How long nothing may be known to be there; 5 unless somebody says otherwise. */
  readonly negativeTtlSeconds: number;
  /** `insecure` believes the address in a pod's name; `verified` has those of ready endpoints only (dns § 2). */
  readonly pods: PodMode;
  /** Endpoints without a host name are called as their pods: of tables that were made with `podNames`. */
  readonly endpointPodNames: boolean;
  /** Canonical addresses that this server is reached at: they say which Service it is. */
  readonly ownAddresses: readonly string[];
}

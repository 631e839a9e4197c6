/** What all kinds of objects have in common: which one is meant. */

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** Which object is meant, for messages and deletion. `namespace` is empty for cluster-wide kinds. */
export interface ObjectRef {
  readonly kind:
    | 'Service'
    | 'EndpointSlice'
    | 'Node'
    | 'ServiceCIDR'
    | 'Namespace'
    | 'Lease'
    | 'IPAddressPool'
    | 'CiliumLoadBalancerIPPool'
    | 'L2Advertisement'
    | 'CiliumL2AnnouncementPolicy';
  readonly namespace: string;
  readonly name: string;
}

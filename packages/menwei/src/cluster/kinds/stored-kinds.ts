/** What an object in the store is, by the name of its resource there. */
import type { Messages } from '../schema/messages.ts';

export interface StoredKinds {
  readonly configmaps: Messages['core.v1.ConfigMap'];
  readonly endpoints: Messages['core.v1.Endpoints'];
  readonly events: Messages['core.v1.Event'];
  readonly namespaces: Messages['core.v1.Namespace'];
  readonly nodes: Messages['core.v1.Node'];
  readonly pods: Messages['core.v1.Pod'];
  readonly services: Messages['core.v1.Service'];
  readonly serviceaccounts: Messages['core.v1.ServiceAccount'];
  readonly leases: Messages['coordination.v1.Lease'];
  readonly endpointslices: Messages['discovery.v1.EndpointSlice'];
  readonly ingresses: Messages['networking.v1.Ingress'];
  readonly ingressclasses: Messages['networking.v1.IngressClass'];
  readonly ipaddresses: Messages['networking.v1.IPAddress'];
  readonly ipaddresspools: Messages['metallb.v1beta1.IPAddressPool'];
  readonly l2advertisements: Messages['metallb.v1beta1.L2Advertisement'];
  readonly servicecidrs: Messages['networking.v1.ServiceCIDR'];
}

/** Metrics of the load-balancer controller, `menwei lb`. Those of upstream's service controller are true of providers alone. */
import { counter, gauge, histogram } from '../definition.ts';

export const LB_POOL_ADDRESSES = gauge('menwei_lb_pool_addresses', {
  labels: ['pool', 'family'],
  help: 'Addresses of the pool that Services may be given.',
});

export const LB_POOL_ADDRESSES_IN_USE = gauge('menwei_lb_pool_addresses_in_use', {
  labels: ['pool', 'family'],
  help: 'Addresses of the pool that Services have; one that several share counts once.',
});

export const METALLB_ADDRESSES = gauge('metallb_allocator_addresses_total', {
  labels: ['pool'],
  help: 'Addresses of the pool, of both families together, under the name that dashboards of MetalLB know.',
});

export const METALLB_ADDRESSES_IN_USE = gauge('metallb_allocator_addresses_in_use_total', {
  labels: ['pool'],
  help: 'Addresses of the pool that Services have, of both families together, under the name that dashboards of MetalLB know.',
});

export const LB_SERVICES = gauge('menwei_lb_services', {
  help: 'Services of type LoadBalancer that this controller handles.',
});

export const LB_PENDING_SERVICES = gauge('menwei_lb_pending_services', {
  labels: ['reason'],
  help: 'Services whose condition menwei.dev/LoadBalancerReady is not True, by its reason.',
});

export const LB_ANNOUNCED = gauge('menwei_lb_announced', {
  labels: ['address', 'node', 'interface'],
  help: 'Always 1, for each address that a node announces, as its Lease says.',
});

export const LB_LEADER = gauge('menwei_lb_leader', {
  help: '1 while this process leads and writes, 0 while it stands by.',
});

export const LB_SYNCS = counter('menwei_lb_syncs_total', {
  labels: ['result'],
  help: 'Syncs of single Services: ok or error.',
});

export const LB_SYNC_DURATION = histogram('menwei_lb_sync_duration_seconds', {
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  help: 'Time of one sync of one Service, requests to the API server and to load balancers included, in seconds.',
});

export const SERVICE_CONTROLLER_SYNCS = counter('service_controller_loadbalancer_sync_total', {
  stability: 'ALPHA',
  help: 'A metric counting the amount of times any load balancer has been configured, as an effect of service/node changes on the cluster.',
  note: 'Of the classes of load balancers outside of the cluster.',
});

/** Metrics of announcing load-balancer addresses; the addresses themselves are menwei_lb_announced. */
import { counter } from '../definition.ts';

export const LB_FAILOVERS = counter('menwei_lb_failovers_total', {
  labels: ['cause'],
  help: 'Addresses that this node has taken over from another one, by what became of that.',
});

export const LB_CONFLICTS = counter('menwei_lb_conflicts_total', {
  labels: ['with', 'outcome'],
  help: 'Times that another machine said an address that this node announces is its own: a node of the cluster or a stranger; the address was defended or stopped.',
});

export const LB_ADDRESSES_IN_USE = counter('menwei_lb_addresses_in_use_total', {
  help: 'Times that a machine which is no node of the cluster was found to have a load-balancer address.',
});

export const METALLB_REQUESTS = counter('metallb_layer2_requests_received', {
  labels: ['ip'],
  help: 'ARP requests and neighbour solicitations for an address that this node announces, under the name that dashboards of MetalLB know.',
});

export const METALLB_RESPONSES = counter('metallb_layer2_responses_sent', {
  labels: ['ip'],
  help: 'Answers to them, under the name that dashboards of MetalLB know.',
});

export const METALLB_GRATUITOUS = counter('metallb_layer2_gratuitous_sent', {
  labels: ['ip'],
  help: 'Times that all neighbours were told of an address that this node announces, under the name that dashboards of MetalLB know.',
});

export const LB_OWNER_CHECKS = counter('menwei_lb_owner_checks_total', {
  labels: ['result'],
  help: 'Questions on the segment whether the owner of an address answers for it: ok, silent, or mismatch when another machine does.',
});

/** Whose addresses the node stands for (load-balancer § 7.2, docs/decisions/0042-load-balancer-addresses.md). */
import type { ServicePort } from '../state/service-port.ts';

export const ANSWERED_VIPS = ['pools', 'all', 'none'] as const;
export type AnsweredVIPs = (typeof ANSWERED_VIPS)[number];

const NONE: readonly string[] = [];

/**
 * The load-balancer addresses for which the node answers pings and refuses ports that no Service has. External IPs are never
 * among them: they are somebody's who has other ports too.
 */
export function answeredVIPs(
  { loadBalancerVIPs, hasPoolAddresses }: ServicePort,
  which: AnsweredVIPs,
): readonly string[] {
  return which === 'all' || (which === 'pools' && hasPoolAddresses) ? loadBalancerVIPs : NONE;
}

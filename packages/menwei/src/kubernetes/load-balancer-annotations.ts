/** Annotations of Services that decide both about their addresses and about who announces those. */
import type { LoadBalancerDetails } from './load-balancer-objects.ts';

/** Whoever has one of these with the value `true` wants none of us. */
const IGNORE_ANNOTATIONS = ['menwei.dev/load-balancer-ignore', 'kube-vip.io/ignore'];

/** Of which pools the addresses are, in their order; MetalLB's name for it where that is what the Service's author knows. */
export const POOL_ANNOTATIONS = {
  own: 'menwei.dev/ip-allocated-from-pool',
  metallb: 'metallb.io/ip-allocated-from-pool',
} as const;

/** The annotation by which a Service is to be left alone; undefined: it is not. */
export function ignoringAnnotation({
  annotations,
}: Pick<LoadBalancerDetails, 'annotations'>): string | undefined {
  return IGNORE_ANNOTATIONS.find((name) => annotations.get(name) === 'true');
}

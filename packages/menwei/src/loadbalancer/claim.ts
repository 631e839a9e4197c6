/** Which Services are this controller's, and which it has to clean up after (load-balancer §§ 2.2 and 3). */
import { ignoringAnnotation } from '../kubernetes/load-balancer-annotations.ts';
import type { LoadBalancerDetails } from '../kubernetes/load-balancer-objects.ts';
import type { Service } from '../kubernetes/objects.ts';

/** Of Services with a class; never that of the service controller, which takes it from anything that is deleted (LQ-1). */
export const FINALIZER = 'menwei.dev/load-balancer';
/** Of Services without a class, and of those alone. */
export const CLEANUP_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

export const NODE_CLASS = 'menwei.dev/node';
export const L2_CLASS = 'menwei.dev/l2';

export interface ClaimOptions {
  /** Values of `spec.loadBalancerClass`. */
  readonly classes: ReadonlySet<string>;
  /** Services without a class, too, as if they had this one; undefined: they are others'. */
  readonly classlessAs: string | undefined;
  /** Classes of load balancers outside of the cluster. */
  readonly providerClasses: ReadonlySet<string>;
}

/**
 * - `none`: it is none of our business
 * - `release`: it has finalizers of ours, and is to have nothing of ours any more
 * - `managed`: it is to have a load balancer
 */
export type Claim =
  | { readonly claim: 'none' }
  | { readonly claim: 'release'; readonly stale: readonly string[] }
  | {
      readonly claim: 'managed';
      readonly finalizer: string;
      /** Other finalizers of ours that it still has: from before its class changed. */
      readonly stale: readonly string[];
      /** Where its addresses come from, and who brings the traffic there. */
      readonly by: 'announcing' | 'nodes' | 'provider';
      /** The class by whose rules it is served: its own, or that of those without one. */
      readonly servedAs: string;
    };

const NONE: Claim = { claim: 'none' };

export function claimOf(service: Service | undefined, options: ClaimOptions): Claim {
  const details = service?.loadBalancer;
  if (service === undefined || details === undefined) return NONE;
  const { loadBalancerClass, isDeleting } = details;
  const held = heldFinalizers(details, options);
  const isWanted =
    service.type === 'LoadBalancer' && !isDeleting && ignoringAnnotation(details) === undefined;
  if (!isWanted || !isOurs(loadBalancerClass, options)) {
    // Without a finalizer of ours there is nothing to do, also at one that is on its way out (LQ-4).
    return held.length === 0 ? NONE : { claim: 'release', stale: held };
  }
  const finalizer = loadBalancerClass === '' ? CLEANUP_FINALIZER : FINALIZER;
  const stale = held.filter((one) => one !== finalizer);
  const servedAs = loadBalancerClass === '' ? (options.classlessAs ?? '') : loadBalancerClass;
  return { claim: 'managed', finalizer, stale, by: broughtBy(servedAs, options), servedAs };
}

/** Those that it has and that are ours to take away. The API server takes the class away with the type. */
function heldFinalizers(
  { loadBalancerClass, finalizers }: LoadBalancerDetails,
  options: ClaimOptions,
): readonly string[] {
  const isClassless = loadBalancerClass === '';
  return finalizers.filter((finalizer) => {
    if (finalizer === FINALIZER) return isClassless || isOurs(loadBalancerClass, options);
    return finalizer === CLEANUP_FINALIZER && isClassless && options.classlessAs !== undefined;
  });
}

function isOurs(loadBalancerClass: string, { classes, classlessAs }: ClaimOptions): boolean {
  return loadBalancerClass === '' ? classlessAs !== undefined : classes.has(loadBalancerClass);
}

function broughtBy(
  loadBalancerClass: string,
  { providerClasses }: Pick<ClaimOptions, 'providerClasses'>,
): 'announcing' | 'nodes' | 'provider' {
  if (loadBalancerClass === NODE_CLASS) return 'nodes';
  return providerClasses.has(loadBalancerClass) ? 'provider' : 'announcing';
}

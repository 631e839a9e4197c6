/** Whether more of a Service has changed than what controllers write: pure. */
import { isDeepStrictEqual } from 'node:util';
import { POOL_ANNOTATIONS } from '../kubernetes/load-balancer-annotations.ts';
import type { Service } from '../kubernetes/objects.ts';

const WRITTEN: readonly string[] = Object.values(POOL_ANNOTATIONS);

/** False where one of them is not there. */
export function isSameButStatus(a: Service | undefined, b: Service | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a === b || isDeepStrictEqual(withoutStatus(a), withoutStatus(b));
}

function withoutStatus({ loadBalancer, loadBalancerIngress: _, ...service }: Service): unknown {
  if (loadBalancer === undefined) return service;
  const { ingress: _ingress, conditions: _conditions, finalizers: _finalizers, ...rest } = loadBalancer;
  const annotations = [...loadBalancer.annotations].filter(([name]) => !WRITTEN.includes(name));
  return { ...service, loadBalancer: { ...rest, annotations: new Map(annotations) } };
}

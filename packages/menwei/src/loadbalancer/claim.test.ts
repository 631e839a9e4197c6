import { aLoadBalancer, aService } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { LoadBalancerDetails } from '../kubernetes/load-balancer-objects.ts';
import type { Service } from '../kubernetes/objects.ts';
import { CLEANUP_FINALIZER, type ClaimOptions, claimOf, FINALIZER } from './claim.ts';

const OPTIONS: ClaimOptions = {
  classes: new Set(['menwei.dev/l2', 'menwei.dev/node', 'menwei.dev/haproxy']),
  classlessAs: undefined,
  providerClasses: new Set(['menwei.dev/haproxy']),
};
const CLASSLESS: ClaimOptions = { ...OPTIONS, classlessAs: 'menwei.dev/node' };

const claim = (
  details: Partial<LoadBalancerDetails>,
  options = OPTIONS,
  type: Service['type'] = 'LoadBalancer',
) => claimOf(aService({ type, loadBalancer: aLoadBalancer(details) }), options);

describe('whose Service it is', () => {
  it.each([
    ['menwei.dev/l2', 'announcing'],
    ['menwei.dev/node', 'nodes'],
    ['menwei.dev/haproxy', 'provider'],
  ])('of class %s', (loadBalancerClass, by) => {
    expect(claim({ loadBalancerClass })).toMatchObject({ claim: 'managed', by, finalizer: FINALIZER });
  });

  it('of another class, without one, or of another type', () => {
    expect(claim({ loadBalancerClass: 'example.com/lb' })).toEqual({ claim: 'none' });
    expect(claim({ loadBalancerClass: '' })).toEqual({ claim: 'none' });
    expect(claim({ loadBalancerClass: '' }, CLASSLESS, 'ClusterIP')).toEqual({ claim: 'none' });
    expect(claimOf(aService(), CLASSLESS)).toEqual({ claim: 'none' });
    expect(claimOf(undefined, CLASSLESS)).toEqual({ claim: 'none' });
  });

  it('without a class, where those are served', () => {
    expect(claim({ loadBalancerClass: '' }, CLASSLESS)).toEqual({
      claim: 'managed',
      finalizer: CLEANUP_FINALIZER,
      stale: [],
      by: 'nodes',
      servedAs: 'menwei.dev/node',
    });
  });

  it('on its way out: only as long as it has our finalizer (LQ-4)', () => {
    const leaving = { loadBalancerClass: 'menwei.dev/l2', isDeleting: true };
    expect(claim(leaving)).toEqual({ claim: 'none' });
    expect(claim({ ...leaving, finalizers: ['example.com/f', FINALIZER] })).toEqual({
      claim: 'release',
      stale: [FINALIZER],
    });
  });

  it('never by the finalizer of another controller (LQ-1)', () => {
    const finalizers = [FINALIZER, CLEANUP_FINALIZER];
    const leaving = { isDeleting: true, finalizers };
    expect(claim({ ...leaving, loadBalancerClass: 'example.com/lb' }, CLASSLESS)).toEqual({ claim: 'none' });
    expect(claim({ ...leaving, loadBalancerClass: 'menwei.dev/l2' }, CLASSLESS)).toEqual({
      claim: 'release',
      stale: [FINALIZER],
    });
    expect(claim({ ...leaving, loadBalancerClass: '' })).toEqual({ claim: 'release', stale: [FINALIZER] });
  });

  it('whose type took the class away: by our finalizer, or the one of Services without a class', () => {
    expect(claim({ finalizers: [FINALIZER] }, OPTIONS, 'ClusterIP')).toEqual({
      claim: 'release',
      stale: [FINALIZER],
    });
    expect(claim({ finalizers: [CLEANUP_FINALIZER] }, OPTIONS, 'ClusterIP')).toEqual({ claim: 'none' });
    expect(claim({ finalizers: [CLEANUP_FINALIZER] }, CLASSLESS, 'ClusterIP')).toEqual({
      claim: 'release',
      stale: [CLEANUP_FINALIZER],
    });
  });

  it('that has another class than before, by way of another type', () => {
    expect(claim({ loadBalancerClass: '', finalizers: [FINALIZER] }, CLASSLESS)).toMatchObject({
      claim: 'managed',
      finalizer: CLEANUP_FINALIZER,
      stale: [FINALIZER],
    });
    expect(claim({ loadBalancerClass: '', finalizers: [FINALIZER] })).toEqual({
      claim: 'release',
      stale: [FINALIZER],
    });
  });

  it.each(['menwei.dev/load-balancer-ignore', 'kube-vip.io/ignore'])('that says %s', (name) => {
    const ignored = { loadBalancerClass: 'menwei.dev/l2', annotations: new Map([[name, 'true']]) };
    expect(claim(ignored)).toEqual({ claim: 'none' });
    expect(claim({ ...ignored, finalizers: [FINALIZER] })).toEqual({ claim: 'release', stale: [FINALIZER] });
    expect(claim({ ...ignored, annotations: new Map([[name, 'false']]) }).claim).toBe('managed');
  });
});

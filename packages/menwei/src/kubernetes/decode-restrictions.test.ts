/** What can't be read must never widen what is allowed, nor hide why an object is refused. */
import { describe, expect, it } from 'vitest';
import { decodeService } from './decode.ts';

function service(parts: { spec?: object; metadata?: object }): unknown {
  return {
    metadata: { name: 'web', namespace: 'shop', ...parts.metadata },
    spec: { clusterIP: '172.30.0.41', ports: [{ port: 80 }], ...parts.spec },
  };
}

describe('a Service whose restrictions can’t be read is refused as a whole', () => {
  it.each([
    [{ spec: { loadBalancerSourceRanges: '10.0.0.0/8' } }, 'spec.loadBalancerSourceRanges'],
    [{ spec: { loadBalancerSourceRanges: { 0: '10.0.0.0/8' } } }, 'spec.loadBalancerSourceRanges'],
    [{ spec: { externalTrafficPolicy: 'local' } }, 'spec.externalTrafficPolicy'],
    [{ spec: { externalTrafficPolicy: ['Local'] } }, 'spec.externalTrafficPolicy'],
    [{ spec: { internalTrafficPolicy: 'Lokal' } }, 'spec.internalTrafficPolicy'],
    [{ spec: { internalTrafficPolicy: true } }, 'spec.internalTrafficPolicy'],
    [{ spec: { sessionAffinity: 'clientIP' } }, 'spec.sessionAffinity'],
    [{ spec: { type: 'loadBalancer' } }, 'spec.type'],
    [{ metadata: { labels: ['service.kubernetes.io/service-proxy-name'] } }, 'metadata.labels'],
    [{ metadata: { labels: 'service.kubernetes.io/service-proxy-name' } }, 'metadata.labels'],
  ])('%j', (parts, field) => {
    const { object, problems } = decodeService(service(parts));
    expect(object).toBeUndefined();
    expect(problems.map((problem) => problem.field)).toEqual([field]);
  });

  it.each([[null], [7], [['10.0.0.0/8']], [''], ['10.0.0.0/'], ['::ffff:10.0.0.0/8']])(
    'but for a range such as %j, which lets nobody in',
    (range) => {
      expect(decodeService(service({ spec: { loadBalancerSourceRanges: [range] } }))).toMatchObject({
        object: { loadBalancerSourceRanges: [], hasUnreadableSourceRange: true },
        problems: [{ field: 'spec.loadBalancerSourceRanges[0]' }],
      });
    },
  );
});

describe('what is wrong with a Service in many places', () => {
  const ips = Array.from({ length: 1_000 }, () => 'x');

  it('is counted after the first few', () => {
    const { object, problems } = decodeService(service({ spec: { externalIPs: ips } }));
    expect(object?.externalIPs).toEqual([]);
    expect(problems).toHaveLength(6);
    expect(problems[5]).toMatchObject({ field: '', message: 'and 995 more problems' });
  });

  it('never hides why the Service is refused', () => {
    const value = service({ spec: { externalIPs: ips, internalTrafficPolicy: 'Lokal' } });
    expect(decodeService(value).object).toBeUndefined();
    expect(decodeService(value).problems).toContainEqual(
      expect.objectContaining({ field: 'spec.internalTrafficPolicy' }),
    );
  });
});

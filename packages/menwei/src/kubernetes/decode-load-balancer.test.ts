import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeService } from './decode.ts';
import type { LoadBalancerDetails } from './load-balancer-objects.ts';

interface Parts {
  readonly spec?: object;
  readonly status?: unknown;
  readonly metadata?: object;
}

function decode({ spec, status, metadata }: Parts = {}) {
  const { object, problems } = decodeService({
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '172.30.0.41',
      clusterIPs: ['172.30.0.41'],
      ipFamilies: ['IPv4'],
      ports: [{ port: 80 }],
      ...spec,
    },
    status,
  });
  return {
    details: object?.loadBalancer,
    problems: problems.map(({ field, message }) => `${field}: ${message}`),
  };
}

const NOTHING: LoadBalancerDetails = {
  labels: new Map(),
  annotations: new Map(),
  finalizers: [],
  isDeleting: false,
  loadBalancerClass: '',
  loadBalancerIP: '',
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
  allocatesNodePorts: true,
  ingress: [],
  conditions: [],
};

describe('what a load-balancer controller reads of a Service', () => {
  it('is all there', () => {
    const condition = {
      type: 'menwei.dev/LoadBalancerReady',
      status: 'False',
      reason: 'NoPool',
      message: 'there is no pool',
      lastTransitionTime: '2026-01-02T03:04:05Z',
      observedGeneration: 1,
    };
    const { details, problems } = decode({
      metadata: {
        labels: { app: 'web' },
        annotations: {
          'metallb.io/address-pool': 'p',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
        },
        finalizers: ['menwei.dev/load-balancer', 'x/y'],
        deletionTimestamp: '2026-01-02T03:04:05Z',
      },
      spec: {
        loadBalancerClass: 'menwei.dev/l2',
        loadBalancerIP: ' 203.0.113.9',
        ipFamilies: ['IPv6', 'IPv4'],
        clusterIPs: ['fd00:30::41', '172.30.0.41'],
        clusterIP: 'fd00:30::41',
        ipFamilyPolicy: 'PreferDualStack',
        allocateLoadBalancerNodePorts: false,
      },
      status: {
        loadBalancer: {
          ingress: [
            {
              ip: '2001:DB8::1',
              ipMode: 'Proxy',
              ports: [{ port: 80, protocol: 'TCP', error: 'x.dev/Refused' }, { port: 443 }, { port: 'x' }],
            },
            { ip: '203.0.113.1' },
            { hostname: 'lb.example' },
          ],
        },
        conditions: [condition, { type: 'X' }, 7],
      },
    });
    expect(problems).toEqual([]);
    const { observedGeneration, ...kept } = condition;
    expect(details).toEqual({
      labels: new Map([['app', 'web']]),
      annotations: new Map([['metallb.io/address-pool', 'p']]),
      finalizers: ['menwei.dev/load-balancer', 'x/y'],
      isDeleting: true,
      loadBalancerClass: 'menwei.dev/l2',
      loadBalancerIP: ' 203.0.113.9',
      ipFamilies: ['IPv6', 'IPv4'],
      ipFamilyPolicy: 'PreferDualStack',
      allocatesNodePorts: false,
      ingress: [
        {
          ip: '2001:db8::1',
          hostname: '',
          ipMode: 'Proxy',
          ports: [
            { port: 80, protocol: 'TCP', error: 'x.dev/Refused' },
            { port: 443, protocol: 'TCP', error: '' },
          ],
        },
        { ip: '203.0.113.1', hostname: '', ipMode: undefined, ports: [] },
        { ip: '', hostname: 'lb.example', ipMode: undefined, ports: [] },
      ],
      conditions: [kept],
    });
  });

  it('may be nothing but the type', () => {
    expect(decode()).toEqual({ details: NOTHING, problems: [] });
  });

  it.each<[string, object, Partial<LoadBalancerDetails>]>([
    ['its cluster IPs tell the families', { ipFamilies: null }, { ipFamilies: ['IPv4'] }],
    [
      'two families without a policy are a demand of both',
      { ipFamilies: ['IPv4', 'IPv6'], clusterIPs: ['172.30.0.41', 'fd00:30::41'] },
      { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
    ],
    ['node ports are allocated unless told otherwise', { allocateLoadBalancerNodePorts: null }, {}],
  ])('without a word of the author, %s', (_, spec, expected) => {
    expect(decode({ spec }).details).toEqual({ ...NOTHING, ...expected });
  });

  it.each([
    ['no finalizer', {}, {}, false],
    ['a finalizer of its own', { finalizers: ['menwei.dev/load-balancer'] }, {}, true],
    ['that of cloud controllers', { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] }, {}, true],
    ['another one’s', { finalizers: ['x.dev/y'] }, {}, false],
    ['a pool noted', { annotations: { 'menwei.dev/ip-allocated-from-pool': 'p' } }, {}, true],
    ['an annotation', { annotations: { 'metallb.io/address-pool': 'p' } }, {}, false],
    ['a condition', {}, { conditions: [{ type: 'menwei.dev/LoadBalancerReady' }] }, true],
    ['another condition', {}, { conditions: [{ type: 'X' }] }, false],
  ])('is there for a ClusterIP Service with %s: %j %j', (_, metadata, status, expected) => {
    const { details } = decode({ spec: { type: 'ClusterIP' }, metadata, status });
    expect(details !== undefined).toBe(expected);
  });

  it.each<[Parts, Partial<LoadBalancerDetails>, string]>([
    [
      { spec: { loadBalancerClass: 7 } },
      { loadBalancerClass: '7' },
      'spec.loadBalancerClass: 7 is not a string; the Service gets no load balancer',
    ],
    [
      { spec: { loadBalancerIP: ['203.0.113.1'] } },
      { loadBalancerIP: 'a list' },
      'spec.loadBalancerIP: a list is not a string; the Service gets no load balancer',
    ],
    [
      { spec: { ipFamilyPolicy: 'Both' } },
      {},
      'spec.ipFamilyPolicy: Both is none of SingleStack, PreferDualStack, RequireDualStack; ignored',
    ],
    [
      { metadata: { labels: { canary: true } } },
      { labels: new Map([['canary', 'true']]) },
      'metadata.labels.canary: true is not a string',
    ],
  ])('never costs the Service, nor makes it ask for less: %j', (parts, expected, problem) => {
    expect(decode(parts)).toEqual({ details: { ...NOTHING, ...expected }, problems: [problem] });
  });

  it('may hold anything', () => {
    const any = fc.jsonValue();
    const parts = fc.record({
      spec: fc.record({ loadBalancerClass: any, loadBalancerIP: any, ipFamilyPolicy: any }),
      metadata: fc.record({ annotations: any, finalizers: any, deletionTimestamp: any }),
      status: fc.oneof(fc.record({ conditions: any }), fc.constant(undefined)),
    });
    fc.assert(
      fc.property(parts, (given) => {
        const { details } = decode(given);
        expect(details).toBeDefined();
        for (const value of details?.annotations.values() ?? []) expect(value).toBeTypeOf('string');
      }),
    );
  });
});

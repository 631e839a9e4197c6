import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Decoded,
  decodeEndpointSlice,
  decodeNode,
  decodeObject,
  decodeOrReport,
  decoderOf,
  decodeService,
  decodeServiceCIDR,
} from './decode.ts';
import { withDefaults } from './defaults.ts';
import { formatProblem, type WatchedObject } from './objects.ts';

describe('decodeObject', () => {
  it.each([
    ['v1', 'Service', 'Service'],
    ['v1', 'Node', 'Node'],
    ['discovery.k8s.io/v1', 'EndpointSlice', 'EndpointSlice'],
    ['networking.k8s.io/v1', 'ServiceCIDR', 'ServiceCIDR'],
    ['networking.k8s.io/v1beta1', 'ServiceCIDR', 'ServiceCIDR'],
    ['v1', 'Namespace', 'Namespace'],
    ['coordination.k8s.io/v1', 'Lease', 'Lease'],
    ['metallb.io/v1beta1', 'IPAddressPool', 'IPAddressPool'],
    ['menwei.dev/v1alpha1', 'IPAddressPool', 'IPAddressPool'],
    ['metallb.io/v1beta1', 'L2Advertisement', 'L2Advertisement'],
    ['menwei.dev/v1alpha1', 'L2Advertisement', 'L2Advertisement'],
    ['cilium.io/v2', 'CiliumLoadBalancerIPPool', 'CiliumLoadBalancerIPPool'],
    ['cilium.io/v2alpha1', 'CiliumLoadBalancerIPPool', 'CiliumLoadBalancerIPPool'],
    ['cilium.io/v2alpha1', 'CiliumL2AnnouncementPolicy', 'CiliumL2AnnouncementPolicy'],
  ])('reads %s %s', (apiVersion, kind, expected) => {
    expect(decodeObject({ apiVersion, kind }).problems[0]?.object.kind).toBe(expected);
  });

  it.each([
    ['v1', 'ConfigMap'],
    ['v2', 'Service'],
    ['discovery.k8s.io/v1beta1', 'EndpointSlice'],
    ['networking.k8s.io/v1alpha1', 'ServiceCIDR'],
    [undefined, undefined],
    ['metallb.io/v1beta2', 'BGPPeer'],
    ['v1', ['Service']],
    ['v1', { toString: 'Service' }],
  ])('passes over %j %j', (apiVersion, kind) => {
    expect(decodeObject({ apiVersion, kind })).toEqual({ object: undefined, problems: [] });
  });
});

describe('an object that trips the decoder', () => {
  const ref = { kind: 'Service', namespace: 'shop', name: 'web' } as const;

  it('is a problem of that object', () => {
    const hostile = {
      metadata: { name: 'web', namespace: 'shop' },
      get spec(): never {
        throw new TypeError('no');
      },
    };
    expect(decodeOrReport(ref, () => decodeService(hostile))).toEqual({
      object: undefined,
      problems: [{ object: ref, field: '', message: 'BUG: not decoded: no' }],
    });
  });

  it.each(['['.repeat(200_000) + ']'.repeat(200_000), `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`])(
    'is not one that is nested deeply',
    (deep) => {
      const metadata =
        '"metadata":{"name":"web","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}}';
      const value = JSON.parse(
        `{${metadata},"x":${deep},"spec":{"ports":${deep}},"ports":${deep},"endpoints":${deep}}`,
      );
      for (const decode of [decodeService, decodeEndpointSlice, decodeNode, decodeServiceCIDR]) {
        expect(() => decode(value)).not.toThrow();
      }
    },
  );
});

/** Values as they stand in objects, right and wrong, so that a random object gets past the first fields. */
const words = 'web TCP IPv4 IPv6 ClientIP Local None NodePort 10.0.0.1 fd00::1 10.0.0.0/8'.split(' ');
const leaf = fc.oneof(
  fc.constantFrom(...words),
  fc.integer({ min: -1, max: 70_000 }),
  fc.double(),
  fc.jsonValue(),
);
const fieldNames =
  `name namespace labels annotations kubernetes.io/service-name metadata spec status type ports port
  nodePort protocol clusterIP clusterIPs ipFamilies externalIPs loadBalancer ingress ip sessionAffinity clientIP
  sessionAffinityConfig timeoutSeconds endpoints addresses conditions ready nodeName hints forZones addressType podCIDRs
  taints key cidrs autoAssign disabled serviceAllocation
  namespaces namespaceSelectors serviceSelectors serviceSelector matchLabels matchExpressions operator values priority blocks
  cidr start stop ipAddressPools ipAddressPoolSelectors nodeSelectors interfaces holderIdentity leaseDurationSeconds
  renewTime __proto__ constructor toString hasOwnProperty`.split(/\s+/);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...fieldNames), tie('tree'), { maxKeys: 6 }),
  ),
}));
const object = fc.oneof(
  tree,
  fc.record({
    metadata: fc.record({
      name: fc.constantFrom('web', 'a\nb'),
      namespace: fc.constant('shop'),
      labels: tree,
    }),
    addressType: fc.constantFrom('IPv4', 'IPv6'),
    spec: tree,
    status: tree,
    ports: tree,
    endpoints: tree,
  }),
);

const decoders = [
  ['decodeService', 'Service', decodeService],
  ['decodeEndpointSlice', 'EndpointSlice', decodeEndpointSlice],
  ['decodeNode', 'Node', decodeNode],
  ['decodeServiceCIDR', 'ServiceCIDR', decodeServiceCIDR],
  ...(
    [
      'Namespace',
      'Lease',
      'IPAddressPool',
      'L2Advertisement',
      'CiliumLoadBalancerIPPool',
      'CiliumL2AnnouncementPolicy',
    ] as const
  ).map((kind) => [`the decoder of ${kind}`, kind, decoderOf(kind)] as const),
] as const;

describe.each(decoders)(
  '%s of any JSON value',
  (_, kind, decode: (value: unknown) => Decoded<WatchedObject>) => {
    it('gives an object or says what is wrong, in one printable line each', () => {
      fc.assert(
        fc.property(object, (value) => {
          const { object: decoded, problems } = decode(withDefaults(kind, value));
          expect(decode(value)).toBeDefined();
          if (kind !== 'EndpointSlice') expect(decoded !== undefined || problems.length > 0).toBe(true);
          for (const problem of problems) expect(formatProblem(problem)).toMatch(/^[ -~…]+$/);
          if (decoded !== undefined) expect(decoded.name).toMatch(/^[-.a-z0-9]+$/);
        }),
        { numRuns: 1_000 },
      );
    });
  },
);

import { describe, expect, it } from 'vitest';
import { decodeService } from './decode.ts';
import { DEFAULT_BALANCING } from './objects.ts';

const spec = {
  clusterIP: '172.30.0.41',
  clusterIPs: ['172.30.0.41'],
  ipFamilies: ['IPv4'],
  ports: [{ port: 80 }],
};

function service(parts: { spec?: object; status?: unknown; metadata?: object } = {}): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', ...parts.metadata },
    spec: { ...spec, ...parts.spec },
    status: parts.status,
  };
}

/** `field: message` of each problem. */
function problemsOf(value: unknown): readonly string[] {
  return decodeService(value).problems.map(({ field, message }) => `${field}: ${message}`);
}

describe('a Service', () => {
  it('keeps what the proxy uses and nothing else', () => {
    const { object, problems } = decodeService(
      service({
        metadata: { creationTimestamp: '2026-01-02T03:04:05Z', uid: 'x', managedFields: [{}] },
        spec: {
          type: 'LoadBalancer',
          clusterIPs: ['172.30.0.41', 'FD00:30::41'],
          ipFamilies: ['IPv4', 'IPv6'],
          ports: [
            {
              name: 'p80',
              protocol: 'UDP',
              port: 80,
              nodePort: 30_001,
              targetPort: 'web',
              appProtocol: 'h2c',
            },
          ],
          externalIPs: ['203.0.113.009'],
          loadBalancerSourceRanges: [' 203.0.113.0/25 ', '10.20.30.40/16'],
          sessionAffinity: 'ClientIP',
          sessionAffinityConfig: { clientIP: { timeoutSeconds: 42 } },
          externalTrafficPolicy: 'Local',
          internalTrafficPolicy: 'Local',
          healthCheckNodePort: 30_099,
          selector: { app: 'web' },
        },
        status: {
          loadBalancer: { ingress: [{ ip: '203.0.113.10' }, { ip: '203.0.113.11', ipMode: 'Proxy' }] },
        },
      }),
    );
    expect(problems).toEqual([]);
    expect(object).toEqual({
      kind: 'Service',
      namespace: 'shop',
      name: 'web',
      uid: 'x',
      createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      type: 'LoadBalancer',
      isHeadless: false,
      externalName: '',
      foreignProxy: false,
      clusterIPs: { IPv4: '172.30.0.41', IPv6: 'fd00:30::41' },
      ports: [{ name: 'p80', protocol: 'UDP', port: 80, nodePort: 30_001 }],
      externalIPs: ['203.0.113.9'],
      loadBalancerIngress: [
        { ip: '203.0.113.10', ipMode: 'VIP' },
        { ip: '203.0.113.11', ipMode: 'Proxy' },
      ],
      loadBalancerSourceRanges: ['203.0.113.0/25', '10.20.0.0/16'],
      hasUnreadableSourceRange: false,
      sessionAffinitySeconds: 42,
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      healthCheckNodePort: 30_099,
      balancing: DEFAULT_BALANCING,
      weights: undefined,
      loadBalancer: expect.objectContaining({ ipFamilies: ['IPv4', 'IPv6'] }),
    });
  });

  it('gets the values the API server would have given to empty fields', () => {
    expect(decodeService(service()).object).toMatchObject({
      createdAtMs: 0,
      type: 'ClusterIP',
      ports: [{ name: '', protocol: 'TCP', port: 80, nodePort: 0 }],
      sessionAffinitySeconds: 0,
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      healthCheckNodePort: 0,
      loadBalancer: undefined,
    });
  });

  it.each([
    ['no label', {}, false],
    ['an empty value', { 'service.kubernetes.io/service-proxy-name': '' }, true],
    ['a name', { 'service.kubernetes.io/service-proxy-name': 'other' }, true],
  ])('belongs to another proxy with %s: %j is %j', (_, labels, expected) => {
    expect(decodeService(service({ metadata: { labels } })).object?.foreignProxy).toBe(expected);
  });
});

describe('cluster addresses of a Service', () => {
  it.each([
    ['none', { clusterIP: '' }, {}],
    ['None', { clusterIP: 'None', clusterIPs: ['None'] }, {}],
    ['ExternalName, even with an address', { type: 'ExternalName' }, {}],
    ['old object without families', { ipFamilies: [], clusterIPs: [] }, { IPv4: '172.30.0.41' }],
    ['old object, IPv6', { ipFamilies: null, clusterIP: 'fd00::0041' }, { IPv6: 'fd00::41' }],
    ['leading zeros', { clusterIPs: ['172.030.0.041'] }, { IPv4: '172.30.0.41' }],
    [
      'two families',
      { ipFamilies: ['IPv6', 'IPv4'], clusterIPs: ['fd00::1', '172.30.0.1'] },
      { IPv6: 'fd00::1', IPv4: '172.30.0.1' },
    ],
    [
      'first match wins',
      { ipFamilies: ['IPv4', 'IPv4'], clusterIPs: ['172.30.0.1', '172.30.0.2'] },
      { IPv4: '172.30.0.1' },
    ],
    ['family without an address', { ipFamilies: ['IPv4', 'IPv6'] }, { IPv4: '172.30.0.41' }],
  ])('%s', (_, parts, expected) => {
    expect(decodeService(service({ spec: parts }))).toMatchObject({
      object: { clusterIPs: expected },
      problems: [],
    });
  });
});

describe('a Service that can not be used', () => {
  it.each([
    ['name missing', { metadata: { name: null } }, 'metadata.name: missing'],
    [
      'name with a newline',
      { metadata: { name: 'web\n-A INPUT' } },
      /^metadata.name: "web\\n-A INPUT" is not a name/,
    ],
    ['name with a quote', { metadata: { name: 'we"b' } }, /^metadata.name: /],
    ['name with a trailing newline', { metadata: { name: 'web\n' } }, /^metadata.name: /],
    ['name too long', { metadata: { name: 'a'.repeat(64) } }, /^metadata.name: /],
    ['namespace missing', { metadata: { namespace: undefined } }, 'metadata.namespace: missing'],
    [
      'namespace with a blank',
      { metadata: { namespace: 'a b' } },
      /^metadata.namespace: "a b" is not a namespace/,
    ],
    ['type', { spec: { type: 'Weird' } }, /^spec.type: Weird is none of ClusterIP, /],
    ['spec', { spec: { ports: 'x' } }, 'spec.ports: x is not a list'],
    ['port entry', { spec: { ports: [7] } }, /^spec.ports\[0\]: 7 is not an object/],
    ['port 0', { spec: { ports: [{ port: 0 }] } }, 'spec.ports[0].port: 0 is outside 1-65535'],
    [
      'port above',
      { spec: { ports: [{ port: 1 }, { name: 'b', port: 65_536 }] } },
      'spec.ports[1].port: 65536 is outside 1-65535',
    ],
    ['port of text', { spec: { ports: [{ port: '80' }] } }, 'spec.ports[0].port: 80 is not a whole number'],
    [
      'port fraction',
      { spec: { ports: [{ port: 80.5 }] } },
      'spec.ports[0].port: 80.5 is not a whole number',
    ],
    ['port missing', { spec: { ports: [{}] } }, 'spec.ports[0].port: missing'],
    [
      'protocol',
      { spec: { ports: [{ port: 1, protocol: 'tcp' }] } },
      'spec.ports[0].protocol: tcp is none of TCP, UDP, SCTP',
    ],
    [
      'port name',
      { spec: { ports: [{ port: 1, name: 'a"b' }] } },
      /^spec.ports\[0\].name: "a\\"b" is not a port name/,
    ],
    [
      'port name in capitals',
      { spec: { ports: [{ port: 1, name: 'HTTP' }] } },
      /^spec.ports\[0\].name: HTTP is not/,
    ],
    [
      'node port',
      { spec: { ports: [{ port: 1, nodePort: -1 }] } },
      'spec.ports[0].nodePort: -1 is outside 1-65535',
    ],
    [
      'clusterIP',
      { spec: { clusterIPs: ['172.30.0.300'] } },
      'spec.clusterIPs[0]: 172.30.0.300 is not an IPv4 address',
    ],
    [
      'clusterIP of an old object',
      { spec: { clusterIP: 'x', ipFamilies: [] } },
      'spec.clusterIP: x is not an IP address',
    ],
    [
      'address of another family',
      { spec: { ipFamilies: ['IPv6'] } },
      'spec.clusterIPs[0]: 172.30.0.41 is not an IPv6 address',
    ],
    ['family', { spec: { ipFamilies: ['IPv5'] } }, 'spec.ipFamilies[0]: IPv5 is none of IPv4, IPv6'],
    [
      'affinity',
      { spec: { sessionAffinity: 'clientIP' } },
      'spec.sessionAffinity: clientIP is none of None, ClientIP',
    ],
    [
      'affinity timeout',
      { spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } } },
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: 0 is outside 1-86400',
    ],
    [
      'external policy',
      { spec: { externalTrafficPolicy: 'local' } },
      /^spec.externalTrafficPolicy: local is none of/,
    ],
    ['internal policy', { spec: { internalTrafficPolicy: 1 } }, /^spec.internalTrafficPolicy: 1 is none of/],
    [
      'health port',
      { spec: { healthCheckNodePort: 1e6 } },
      'spec.healthCheckNodePort: 1000000 is outside 1-65535',
    ],
    ['status', { status: [] }, 'status: a list is not an object'],
  ])('%s', (_, parts, expected) => {
    const { object, problems } = decodeService(service(parts));
    expect(object).toBeUndefined();
    expect(problems).toHaveLength(1);
    const text = problemsOf(service(parts))[0];
    if (typeof expected === 'string') expect(text).toBe(expected);
    else expect(text).toMatch(expected);
  });

  it('names every bad field in one pass', () => {
    expect(
      problemsOf(service({ spec: { ports: [{ port: 0 }, { port: 'x' }], sessionAffinity: 'x' } })),
    ).toHaveLength(3);
  });

  it('is named in a form that is safe to print', () => {
    const [problem] = decodeService(service({ metadata: { name: 'a\u001b[2J\u202eb' } })).problems;
    expect(problem?.object).toEqual({ kind: 'Service', namespace: 'shop', name: '"a\\u001b[2J\\u202eb"' });
  });
});

describe('a bad entry of a Service costs that entry only', () => {
  it.each([
    [
      'external address',
      { spec: { externalIPs: ['x', '203.0.113.9'] } },
      { externalIPs: ['203.0.113.9'] },
      ['spec.externalIPs[0]: x is not an IP address; ignored'],
    ],
    [
      'blank external address',
      { spec: { externalIPs: [' ', '203.0.113.9'] } },
      { externalIPs: ['203.0.113.9'] },
      [],
    ],
    [
      'external address of another type',
      { spec: { externalIPs: [{}, 'fd00::9'] } },
      { externalIPs: ['fd00::9'] },
      ['spec.externalIPs[0]: an object is not a string; ignored'],
    ],
    [
      'source range',
      { spec: { loadBalancerSourceRanges: ['10.0.0.0/8', '10.0.0.1'] } },
      { loadBalancerSourceRanges: ['10.0.0.0/8'], hasUnreadableSourceRange: true },
      ['spec.loadBalancerSourceRanges[1]: 10.0.0.1 is not a CIDR; it allows no source'],
    ],
    [
      'ingress address',
      { status: { loadBalancer: { ingress: [{ ip: 'x' }, { ip: 'fd00::1' }] } } },
      { loadBalancerIngress: [{ ip: 'fd00::1', ipMode: 'VIP' }] },
      ['status.loadBalancer.ingress[0].ip: x is not an IP address; ignored'],
    ],
    [
      'ingress by host name',
      { status: { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }, { hostname: 'b', ip: '' }] } } },
      { loadBalancerIngress: [] },
      [],
    ],
    [
      'ingress mode',
      { status: { loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'X' }] } } },
      { loadBalancerIngress: [] },
      ['status.loadBalancer.ingress[0].ipMode: X is none of VIP, Proxy; ignored'],
    ],
    [
      'ingress entry',
      { status: { loadBalancer: { ingress: ['x'] } } },
      { loadBalancerIngress: [] },
      ['status.loadBalancer.ingress[0]: x is not an object; ignored'],
    ],
  ])('%s', (_, parts, expected, problems) => {
    expect(decodeService(service(parts)).object).toMatchObject(expected);
    expect(problemsOf(service(parts))).toEqual(problems);
  });
});
